import {
  streamName,
  type Batch,
  type LiveGap,
  type LiveReadings,
  type LiveWindows,
} from '@fieldline/protocol';
import type { StreamPatterns } from './stream-pattern.ts';

/** One stream's part of a frame, already JSON: it is made once, however many viewers get it. */
export interface FramePart {
  readonly stream: string;
  readonly json: string;
  /** Readings (of windows: windows) in it. */
  readonly rows: number;
  /** Times of its live-lane rows (of windows: the end), µs, for the latency up to the socket. */
  readonly liveTimesUs: readonly number[];
}

/** What came in one display frame. */
export interface Frame {
  readonly seq: number;
  readonly readings: readonly FramePart[];
  readonly windows: readonly FramePart[];
  readonly gaps: readonly LiveGap[];
  /** Of all its parts together. */
  readonly sizeBytes: number;
}

/** Rows of one frame; what exceeds it is left out of the frame (never of the stores) and told as `lagging`. */
export const frameRowsMax = 50_000;

type Growing<Part> = Part & { readonly liveTimesUs: number[] };

/** Collects batches until the next display frame: one part a stream, however many batches brought it. */
export class FrameBuilder {
  readonly #readings = new Map<string, Growing<LiveReadings>>();
  readonly #windows = new Map<string, Growing<LiveWindows>>();
  readonly #gaps: LiveGap[] = [];
  #rows = 0;
  /** Rows left out since the last frame. */
  skipped = 0;

  get empty(): boolean {
    return this.#rows === 0 && this.#gaps.length === 0;
  }

  add(batch: Batch): void {
    const { device } = batch;
    const live = batch.lane === 'live';
    for (const block of batch.sensors) {
      const { sensor } = block;
      if (block.kind === 'gaps') {
        block.reason.forEach((reason, index) =>
          this.#gaps.push({ device, sensor, from: block.from[index]!, to: block.to[index]!, reason }),
        );
      } else if (!block.extra) {
        for (const quantity of Object.keys(block.fields)) {
          const stream = streamName(device, sensor, quantity);
          if (block.kind === 'readings') this.#addReadings(stream, block, quantity, live);
          else this.#addWindows(stream, block, quantity, live);
        }
      }
    }
  }

  /** Makes the frame and starts the next one. */
  take(seq: number): Frame {
    const readings = Array.from(this.#readings.values(), (part) => framePart(part, part.t.length));
    const windows = Array.from(this.#windows.values(), (part) => framePart(part, part.start.length));
    const gaps = [...this.#gaps];
    const sizeBytes =
      [...readings, ...windows].reduce((sum, part) => sum + part.json.length, 0) + gaps.length * 100;
    this.clear();
    return { seq, readings, windows, gaps, sizeBytes };
  }

  clear(): void {
    this.#readings.clear();
    this.#windows.clear();
    this.#gaps.length = 0;
    this.#rows = 0;
    this.skipped = 0;
  }

  #addReadings(
    stream: string,
    block: Extract<Batch['sensors'][number], { kind: 'readings' }>,
    quantity: string,
    live: boolean,
  ): void {
    const field = block.fields[quantity];
    if (!field) return;
    const key = `${stream} ${field.unit}`;
    const part = this.#readings.get(key) ?? { stream, unit: field.unit, t: [], v: [], liveTimesUs: [] };
    this.#readings.set(key, part);
    for (let index = 0; index < block.t.length; index++) {
      const value = field.v[index]!;
      if (Number.isNaN(value) || !this.#room()) continue;
      part.t.push(block.t[index]!);
      part.v.push(value);
      if (live) part.liveTimesUs.push(block.t[index]!);
    }
  }

  #addWindows(
    stream: string,
    block: Extract<Batch['sensors'][number], { kind: 'windows' }>,
    quantity: string,
    live: boolean,
  ): void {
    const field = block.fields[quantity];
    if (!field) return;
    const { unit } = field;
    const { window } = block;
    const key = `${stream} ${unit} ${window}`;
    const part = this.#windows.get(key) ?? { stream, unit, window, ...emptyWindowColumns() };
    this.#windows.set(key, part);
    for (let index = 0; index < block.start.length; index++) {
      const count = field.count[index]!;
      if (count === 0 || !this.#room()) continue;
      part.start.push(block.start[index]!);
      part.end.push(block.end[index]!);
      part.count.push(count);
      part.mean.push(field.sum[index]! / count);
      part.min.push(field.min[index]!);
      part.max.push(field.max[index]!);
      if (live) part.liveTimesUs.push(block.end[index]!);
    }
  }

  #room(): boolean {
    if (this.#rows < frameRowsMax) {
      this.#rows++;
      return true;
    }
    this.skipped++;
    return false;
  }
}

function emptyWindowColumns(): Omit<Growing<LiveWindows>, 'stream' | 'unit' | 'window'> {
  return { start: [], end: [], count: [], mean: [], min: [], max: [], liveTimesUs: [] };
}

function framePart(
  { liveTimesUs, ...part }: Growing<LiveReadings> | Growing<LiveWindows>,
  rows: number,
): FramePart {
  return { stream: part.stream, json: JSON.stringify(part), rows, liveTimesUs };
}

/** The `delta` message of a frame for viewers with these patterns; undefined where nothing of it is theirs. */
export function deltaMessage(
  frame: Frame,
  patterns: StreamPatterns,
): { json: string; rows: number; parts: readonly FramePart[] } | undefined {
  const readings = frame.readings.filter(({ stream }) => patterns.matchesStream(stream));
  const windows = frame.windows.filter(({ stream }) => patterns.matchesStream(stream));
  const gaps = frame.gaps.filter(({ device, sensor }) => patterns.matchesPrefix(device, sensor));
  const parts = [...readings, ...windows];
  if (parts.length === 0 && gaps.length === 0) return undefined;
  const list = (some: readonly FramePart[]): string => some.map(({ json }) => json).join(',');
  const json = `{"type":"delta","seq":${frame.seq},"readings":[${list(readings)}],"windows":[${list(windows)}],"gaps":${JSON.stringify(gaps)}}`;
  return { json, rows: parts.reduce((sum, { rows }) => sum + rows, 0), parts };
}
