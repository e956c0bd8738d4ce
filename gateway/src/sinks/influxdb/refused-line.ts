import { Buffer } from 'node:buffer';
import type { Batch } from '@fieldline/protocol';
import type { RefusedPart } from '../sink.ts';

/** One line that InfluxDB refuses for good, with its reason. */
export interface RefusedLine {
  /** Place of its entry in the write. */
  readonly entry: number;
  readonly line: string;
  readonly reason: string;
}

/** A refused line as the runner wants it. */
export function refusedPart(
  { line, reason }: RefusedLine,
  entry: { readonly offset: number; readonly batch: Pick<Batch, 'device' | 'sensors'> },
): RefusedPart {
  return {
    offset: entry.offset,
    device: entry.batch.device,
    code: 'INFLUX_REJECTED_POINT',
    detail: reason,
    counts: countsOfLine(line, reason, quantitiesOf(entry.batch)),
    payload: Buffer.from(line),
  };
}

/**
 * What a refused line of ours carried, by `sensor/quantity`, for the ledger: one a reading, the count of a
 * window, nothing where the points are `extra` or a gap. Reads only what `batch-to-lines.ts` writes.
 *
 * `reason`: what InfluxDB said. Where one field has another type than before, it stores the other fields of
 * the line ("field type conflict: input field "x" …"), so that one alone is counted.
 *
 * `quantities`: those of the line's batch, as `sensor/quantity`. They alone tell a quantity `x_quality` from the quality of `x`; lines of
 * windows need none.
 */
export function countsOfLine(
  line: string,
  reason: string,
  quantities: ReadonlySet<string> = noQuantities,
): Record<string, number> {
  const [series = '', fields = ''] = line.split(/(?<!\\) /);
  const tags = new Map(
    series
      .split(/(?<!\\),/)
      .slice(1)
      .map(splitPair),
  );
  const sensor = tags.get('sensor');
  if (sensor === undefined || tags.has('extra') || series.startsWith('fieldline_')) return {};
  const conflict = /field type conflict: input field "([^"]+)"/.exec(reason)?.[1];
  const counts: Record<string, number> = {};
  for (const [name, value] of fields.split(',').map(splitPair)) {
    if (conflict !== undefined && name !== conflict) continue;
    if (tags.has('window')) {
      if (name.endsWith('_count')) counts[`${sensor}/${name.slice(0, -'_count'.length)}`] = Number(value);
    } else if (!name.endsWith('_quality') || quantities.has(`${sensor}/${name}`))
      counts[`${sensor}/${name}`] = 1;
  }
  return counts;
}

/** The quantities of a batch, as `sensor/quantity`. */
export function quantitiesOf({ sensors }: Pick<Batch, 'sensors'>): ReadonlySet<string> {
  const names = sensors.flatMap((block) =>
    block.kind === 'gaps' ? [] : Object.keys(block.fields).map((quantity) => `${block.sensor}/${quantity}`),
  );
  return new Set(names);
}

const noQuantities: ReadonlySet<string> = new Set();

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}
