import { streamName, type StreamName } from '@fieldline/protocol';
import { possibleBits } from '../../embedded/rollups/roll-up.ts';
import { identifier, literal } from '../influxql.ts';
import type { InfluxQueries } from '../influx-queries.ts';
import { countsOfLine } from '../refused-line.ts';
import { catalogMeasurement, type CatalogEntry } from '../stream-catalog.ts';
import { pointsByTime, type PointsPart } from './points-by-time.ts';
import type { ShardSpan } from './shard-spans.ts';

/** Gaps, as `batch-to-lines.ts` writes them. */
export const gapMeasurement = 'fieldline_gap';

/** How much is read of what stays. */
export interface StayingLimits {
  /** Line protocol that one drop may keep, in characters: it stands in memory and in the state file meanwhile. */
  readonly charsMax: number;
  /** Points that one answer of InfluxDB holds at most, and that may stand at one microsecond. */
  readonly pointsPerAnswer: number;
}

/** The limits that hold where no others are given. */
export const stayingLimits: StayingLimits = { charsMax: 64 * 1024 * 1024, pointsPerAnswer: 10_000 };

/** Points that stay when their shards go, as line protocol; or why they cannot be kept, for people. */
export type StayingPoints =
  | {
      readonly kind: 'read';
      readonly lines: string;
      /** The readings among them, by stream. */
      readonly counts: ReadonlyMap<StreamName, number>;
    }
  | { readonly kind: 'held'; readonly reason: string };

/** Whether windows of this kind stay, since no rollup can hold them: those of a day, or of seven seconds. */
export function stays(window: string): boolean {
  return possibleBits(window) === 0;
}

/**
 * Reads what is not readings, and what no rollup can hold: gaps, what is known of streams, windows that stay. It is read a part after
 * the other, and no further than the limits. Rejects as `ask` does.
 */
export async function stayingPoints(
  queries: InfluxQueries,
  entries: readonly CatalogEntry[],
  span: ShardSpan,
  limits: StayingLimits = stayingLimits,
): Promise<StayingPoints> {
  const types = [...new Set(entries.flatMap((entry) => [...entry.types]))];
  const windows = await windowsThatStay(queries, types);
  const parts: PointsPart[] = [gapMeasurement, catalogMeasurement].map((measurement) => ({ measurement }));
  let lines = '';
  const counts = new Map<StreamName, number>();
  for (const part of [...parts, ...windows]) {
    for await (const page of pointsByTime(queries, part, span, limits.pointsPerAnswer)) {
      if (page.kind === 'held') return held(span, page.reason);
      for (const { line, device } of page.points) {
        lines += `${line}\n`;
        addCounts(counts, line, device);
      }
      if (lines.length > limits.charsMax) return held(span, `take more than ${limits.charsMax} characters`);
    }
  }
  return { kind: 'read', lines, counts };
}

/** A shard that is kept, with newer ones behind it. */
function held({ fromUs, toUs }: ShardSpan, reason: string): StayingPoints {
  const [from, to] = [fromUs, toUs].map((us) => new Date(us / 1000).toISOString());
  const remedy =
    'Shorter shards of that policy hold less (`ALTER RETENTION POLICY … SHARD DURATION 1h`), as do windows whose length divides a minute';
  return { kind: 'held', reason: `Gaps and long windows from ${from} to ${to} ${reason}. ${remedy}` };
}

/** The kinds of window that stay, by measurement. */
async function windowsThatStay(queries: InfluxQueries, types: readonly string[]): Promise<PointsPart[]> {
  if (types.length === 0) return [];
  const statements = types.map((type) => `SHOW TAG VALUES FROM ${identifier(type)} WITH KEY = "window"`);
  const answers = await queries.ask(...statements);
  return answers.flatMap((series, index) =>
    series
      .flatMap(({ values }) => values.map(([, window]) => String(window)))
      .filter(stays)
      .map((window) => ({ measurement: types[index] ?? '', where: `"window" = ${literal(window)}` })),
  );
}

/** The readings of one line, which a refused one would count. */
function addCounts(counts: Map<StreamName, number>, line: string, device: string): void {
  for (const [name, count] of Object.entries(countsOfLine(line, ''))) {
    const [sensor = '', quantity = ''] = name.split('/');
    const stream = streamName(device, sensor, quantity);
    counts.set(stream, (counts.get(stream) ?? 0) + count);
  }
}
