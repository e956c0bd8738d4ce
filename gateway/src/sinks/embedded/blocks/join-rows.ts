import type { ReadingRows } from './readings.ts';
import type { WindowRows, windowColumns } from './windows.ts';

/** Several sets of readings as one, by rising time; of one time those of the earlier set come first. */
export function joinReadings(parts: readonly ReadingRows[]): ReadingRows {
  const joined = {
    t: joinColumns(parts.map(({ t }) => t)),
    v: joinColumns(parts.map(({ v }) => v)),
    q: parts.some(({ q }) => q) ? joinBytes(parts.map(({ t, q }) => q ?? new Uint8Array(t.length))) : null,
  };
  return sortReadings(joined);
}

/** Readings by rising time; those of one time stay as they stand. */
export function sortReadings(rows: ReadingRows): ReadingRows {
  const order = risingOrder(rows.t);
  if (!order) return rows;
  const { t, v, q } = rows;
  return { t: inOrder(t, order), v: inOrder(v, order), q: q && bytesInOrder(q, order) };
}

/** Several sets of windows as one, by rising start; of one start those of the earlier set come first. */
export function joinWindows(parts: readonly WindowRows[]): WindowRows {
  const [only] = parts;
  const joined =
    parts.length === 1 && only
      ? only
      : windowsOf(
          (name) => joinColumns(parts.map((part) => part[name])),
          joinBytes(parts.map(({ partial }) => partial)),
          parts.flatMap(({ sketch }) => sketch),
        );
  const order = risingOrder(joined.start);
  if (!order) return joined;
  return windowsOf(
    (name) => inOrder(joined[name], order),
    bytesInOrder(joined.partial, order),
    Array.from(order, (index) => joined.sketch[index] ?? null),
  );
}

/** Windows whose columns `column` gives by name. */
export function windowsOf(
  column: (name: (typeof windowColumns)[number]) => Float64Array,
  partial: Uint8Array,
  sketch: readonly (Uint8Array | null)[],
): WindowRows {
  return {
    start: column('start'),
    end: column('end'),
    count: column('count'),
    sum: column('sum'),
    min: column('min'),
    max: column('max'),
    first: column('first'),
    last: column('last'),
    m2: column('m2'),
    partial,
    sketch,
  };
}

/** The places of `times` in rising order, stable; undefined where they rise already. */
function risingOrder(times: Float64Array): Uint32Array | undefined {
  let isRising = true;
  for (let index = 1; index < times.length && isRising; index++)
    isRising = times[index]! >= times[index - 1]!;
  if (isRising) return undefined;
  return Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
}

function inOrder(values: Float64Array, order: Uint32Array): Float64Array {
  return Float64Array.from(order, (index) => values[index]!);
}

function bytesInOrder(bytes: Uint8Array, order: Uint32Array): Uint8Array {
  return Uint8Array.from(order, (index) => bytes[index]!);
}

function joinColumns(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
