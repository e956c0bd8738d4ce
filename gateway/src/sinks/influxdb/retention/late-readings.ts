import { Buffer } from 'node:buffer';
import { OneReadingBatch, type Batch, type ReadingsBlock, type WindowsBlock } from '@fieldline/protocol';
import { readingsToWindows } from '../../embedded/rollups/coarsen.ts';
import type { JournaledBatch, SinkFailure } from '../../sink.ts';
import type { InfluxHttp } from '../influx-http.ts';
import type { LineBatch } from '../line-batch.ts';
import { countsOfLine, quantitiesOf } from '../refused-line.ts';
import { influxGrains } from '../rollups/grains.ts';
import { hourToLines, joinParts, type HourRows } from '../rollups/roll-up-hour.ts';
import { noteTimes } from './note-times.ts';
import type { RetiredReadings } from './retired-readings.ts';
import { stays } from './staying-points.ts';

/** Points of rollups that one request carries. */
const linesPerRequest = 5000;

/** Less than the shortest window of a rollup: a shift within it leaves a point in its window. */
const shiftsUs = influxGrains[0].lengthUs - 1;

/**
 * Readings that come for a time that is retired already: rolled up at once and counted as retired, never stored as points. Their windows
 * stand beside those that are there, a few microseconds later by the batch's place in the journal: a repetition replaces them, and nothing
 * else.
 */
export class LateReadings {
  readonly #http: InfluxHttp;
  #lines = new Map<string, string[]>();

  constructor(http: InfluxHttp) {
    this.#http = http;
  }

  /** Begins a write. */
  begin(): void {
    if (this.#lines.size > 0) this.#lines = new Map();
  }

  /**
   * Takes the lines of one entry, from line `start` on, that are too old out again, and rolls them up. An entry that was written before (a
   * replay) was counted then.
   */
  take({ offset, batch }: JournaledBatch, lines: LineBatch, start: number, retired: RetiredReadings): void {
    const isNew = offset >= retired.seenTo;
    const quantities = quantitiesOf(batch);
    lines.takeOut(start, (line) => {
      if (!isRetired(line, retired.untilUs)) return false;
      if (isNew) countLine(batch.device, line, retired, quantities);
      return true;
    });
    if (!isNew) return;
    for (const { policy, line } of rollupsOf(batch, retired.untilUs, 1 + (offset % shiftsUs))) {
      const known = this.#lines.get(policy);
      if (known) known.push(line);
      else this.#lines.set(policy, [line]);
    }
  }

  /** Writes the rollups of all that was taken; what keeps it from that, or undefined. */
  async write(): Promise<SinkFailure | undefined> {
    for (const [policy, lines] of this.#lines) {
      for (let from = 0; from < lines.length; from += linesPerRequest) {
        const body = Buffer.from(`${lines.slice(from, from + linesPerRequest).join('\n')}\n`);
        const reply = await this.#http.write(body, policy);
        // Beyond the retention of the rollup: it would not be asked for either.
        if (reply.kind === 'stored' || reply.kind === 'some-refused') continue;
        const detail = `A rollup of late readings: ${reply.kind}.`;
        const failure = 'failure' in reply ? reply.failure : undefined;
        return failure ?? { code: 'INFLUX_OVERLOADED', subject: this.#http.subject, detail };
      }
    }
    return undefined;
  }
}

/** The earliest time that a batch holds anything for. */
export function earliestUs(batch: Batch): number {
  if (batch instanceof OneReadingBatch) return batch.timeUs;
  let earliest = Infinity;
  for (const block of batch.sensors) {
    const times = block.kind === 'readings' ? block.t : block.kind === 'windows' ? block.start : block.from;
    // By index: this is asked of every batch once something was retired, and `for … of` takes several times as long.
    for (let at = 0; at < times.length; at++) if (times[at]! < earliest) earliest = times[at]!;
  }
  return earliest;
}

/** What is written for a time that is worked out to be dropped keeps it from that. */
export function noteEntries(
  entries: readonly Pick<JournaledBatch, 'batch' | 'receivedAtUs'>[],
  retired: RetiredReadings,
): void {
  if (!retired.isWatching) return;
  for (const { batch, receivedAtUs } of entries) {
    // What is known of a stream is written at the time of receipt.
    retired.note(receivedAtUs, batch.device);
    noteTimes(batch, retired);
  }
}

/** A line of ours that is no gap, nor about a stream, nor a window that stays. */
function isRetired(line: string, untilUs: number): boolean {
  if (line.startsWith('fieldline_') || Number(line.slice(line.lastIndexOf(' ') + 1)) >= untilUs) return false;
  const window = /^[^ ]*?(?<!\\),window=((?:\\.|[^, ])*)/.exec(line)?.[1];
  return window === undefined || !stays(window);
}

function countLine(
  device: string,
  line: string,
  retired: RetiredReadings,
  quantities: ReadonlySet<string>,
): void {
  const timeUs = Number(line.slice(line.lastIndexOf(' ') + 1));
  for (const [name, readings] of Object.entries(countsOfLine(line, '', quantities))) {
    const quantity = name.slice(name.indexOf('/') + 1);
    const field = line.includes(',window=') ? `${quantity}_mean` : quantity;
    const value = Number(new RegExp(`[ ,]${field}=([^, ]+)`).exec(line)?.[1] ?? NaN);
    const isKnown = Number.isFinite(value);
    retired.count(`${device}/${name}`, {
      readings,
      lastT: isKnown ? timeUs : null,
      lastValue: isKnown ? value : null,
    });
  }
}

interface RollupLine {
  readonly policy: string;
  readonly line: string;
}

/** The rollups of all that lies before `untilUs`, each stream's blocks together: copies and gaps are in none. */
function rollupsOf(batch: Batch, untilUs: number, shiftUs: number): RollupLine[] {
  const streams = new Map<string, { type: string; sensor: string; quantity: string; parts: HourRows[] }>();
  for (const block of batch.sensors) {
    if (block.kind === 'gaps' || block.extra) continue;
    const { sensor, type } = block;
    for (const quantity of Object.keys(block.fields)) {
      const key = `${type}/${sensor}/${quantity}`;
      const stream = streams.get(key) ?? { type, sensor, quantity, parts: [] };
      const part = block.kind === 'readings' ? readingsOf(block, quantity, untilUs) : windowsOf(block, quantity, untilUs); // prettier-ignore
      stream.parts.push(part);
      streams.set(key, stream);
    }
  }
  return [...streams.values()].flatMap(({ parts, ...name }) =>
    hourToLines({ device: batch.device, ...name }, inOrder(joinParts(parts)), shiftUs).flatMap(
      ({ grain, lines }) => lines.map((line) => ({ policy: grain.policy, line })),
    ),
  );
}

const noReadings = { t: new Float64Array(0), v: new Float64Array(0) };
const noWindows = readingsToWindows({ ...noReadings, q: null }, 1);

function readingsOf({ t, fields }: ReadingsBlock, quantity: string, untilUs: number): HourRows {
  const v = fields[quantity]?.v ?? noReadings.v;
  const kept = Array.from(t.keys()).filter((at) => t[at]! < untilUs && !Number.isNaN(v[at]));
  return {
    t: Float64Array.from(kept, (at) => t[at]!),
    v: Float64Array.from(kept, (at) => v[at]!),
    windows: noWindows,
  };
}

function windowsOf({ start, end, fields }: WindowsBlock, quantity: string, untilUs: number): HourRows {
  const field = fields[quantity];
  if (!field) return { ...noReadings, windows: noWindows };
  const kept = Array.from(start.keys())
    .filter((at) => start[at]! < untilUs && field.count[at]! > 0)
    .sort((a, b) => start[a]! - start[b]!);
  const column = (of: ArrayLike<number>): Float64Array => Float64Array.from(kept, (at) => of[at]!);
  const windows = {
    ...{ start: column(start), end: column(end), count: column(field.count), sum: column(field.sum) },
    ...{ min: column(field.min), max: column(field.max), m2: column(field.m2) },
    ...{ first: column(field.first), last: column(field.last), partial: new Uint8Array(kept.length) },
    sketch: kept.map((at) => field.sketch?.[at] ?? null),
  };
  return { ...noReadings, windows };
}

function inOrder({ t, v, windows }: HourRows): HourRows {
  const order = Array.from(t.keys()).sort((a, b) => t[a]! - t[b]!);
  return {
    t: Float64Array.from(order, (at) => t[at]!),
    v: Float64Array.from(order, (at) => v[at]!),
    windows,
  };
}
