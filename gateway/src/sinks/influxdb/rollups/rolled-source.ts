import type { RollupChoice, SeriesSource, TimeRange } from '../../../query/answer-query.ts';
import type { BucketSeries } from '../../../query/bucket-series.ts';
import { ReadingsIntoBuckets } from '../../../query/readings-into-buckets.ts';
import { queryLimits, type Gap, type RawReadings, type StoredWindows } from '../../../query/store.ts';
import { PointSource, type PointRange, type RangeOverview, type ReadingColumns } from '../point-source.ts';
import type { InfluxQueries } from '../influx-queries.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import { rollupGrains } from '../../embedded/rollups/grains.ts';
import { possibleBits } from '../../embedded/rollups/roll-up.ts';
import { hourUs, influxGrains, type InfluxGrain, type RollupKeepUs } from './grains.ts';
import type { RolledHours } from './rolled-hours.ts';

const [, coarsest] = influxGrains;

/** Parts of a range that are read one by one; with more of them everything is read from the readings. */
const partsMax = 32;

/** What a source is made from. */
export interface RolledSourceParts {
  readonly queries: InfluxQueries;
  readonly range: PointRange;
  readonly entry: CatalogEntry;
  readonly rolled: RolledHours;
  readonly stream: string;
  readonly keepUs: RollupKeepUs;
  readonly nowUs: number;
  /** Readings of the stream before it are gone: rollups answer there. -Infinity where none are. */
  readonly retiredUntilUs: number;
}

/** Readings beside rollups that are read one by one: summing up five figures of each costs InfluxDB half as much again. */
const restRowsMax = 50_000;

interface Plan {
  readonly grain: InfluxGrain;
  readonly whole: readonly TimeRange[];
  readonly rest: readonly TimeRange[];
  /** Whether the rest is little enough to be read reading by reading. */
  readonly isRestFew: boolean;
}

/**
 * One stream's points, from rollups where hours are rolled up and buckets are made of whole minutes or hours; from the points
 * themselves at the edges, for hours that have had readings since, and where all of it is few. Most questions take two requests:
 * what there is, then rollups and edges together.
 */
export class RolledSource implements SeriesSource {
  readonly unit: string;
  readonly rollups: RollupChoice;
  readonly #parts: RolledSourceParts;
  readonly #points: PointSource;
  #plan: Plan | undefined;
  #overview: RangeOverview | undefined;
  /** Readings that came with the rollups. */
  #edges: readonly ReadingColumns[] = [];

  constructor(parts: RolledSourceParts) {
    this.#parts = parts;
    this.#points = new PointSource(parts.queries, parts.range, parts.entry);
    this.unit = this.#points.unit;
    this.rollups = {
      shortestUs: () => (this.#isGone ? this.#finest().lengthUs : 0),
      choose: (lengthUs, exact) => {
        this.#plan = exact && !this.#isGone ? undefined : this.#planFor(lengthUs, exact);
        return this.#plan?.grain.lengthUs ?? 0;
      },
    };
  }

  async windowKinds(): Promise<readonly string[]> {
    const [longest] = this.#whole().sort((a, b) => b.toUs - b.fromUs - (a.toUs - a.fromUs));
    this.#overview = await this.#points.overview(longest);
    return this.#overview.kinds;
  }

  /** Only asked where there are no windows: then what rollups count are readings. */
  readingsAtLeast(): number {
    return this.#overview?.readingsAtLeast ?? 0;
  }

  firstReadings(limit: number): Promise<RawReadings> {
    return this.#points.firstReadings(limit);
  }

  firstWindows(limit: number): Promise<StoredWindows> {
    return this.#points.firstWindows(limit);
  }

  async gaps(): Promise<readonly Gap[]> {
    return this.#overview?.gaps ?? (await this.#points.gaps());
  }

  async addWindows(series: BucketSeries): Promise<void> {
    const plan = this.#plan;
    const hasWindows = this.#overview?.kinds.length !== 0;
    if (!plan) return hasWindows ? await this.#points.addWindows(series) : undefined;
    const { policy } = plan.grain;
    const readings = plan.isRestFew ? plan.rest : [];
    this.#edges = await this.#points.addRollup(series, { policy, windows: plan.whole, readings });
    if (hasWindows) for (const part of plan.rest) await this.#part(part).addWindows(series);
  }

  async addReadings(series: BucketSeries): Promise<void> {
    const plan = this.#plan;
    if (!plan) return await this.#points.addReadings(series);
    if (plan.isRestFew) addEdges(series, this.#edges);
    else for (const part of plan.rest) await this.#part(part).addReadings(series);
  }

  #part(part: TimeRange): PointSource {
    const { queries, range, entry } = this.#parts;
    return new PointSource(queries, { ...range, ...part }, entry);
  }

  /** Whether readings of the range are gone. */
  get #isGone(): boolean {
    return this.#parts.range.fromUs < this.#parts.retiredUntilUs;
  }

  /** The finest rollup that is there for the whole range, and not too fine for the windows that the stream has. */
  #finest(): InfluxGrain {
    const { range, entry, keepUs, nowUs } = this.#parts;
    const bits = possibleBits(entry.window);
    const holds = ({ name }: InfluxGrain): boolean =>
      rollupGrains.some((each) => each.name === name && (bits & each.bit) !== 0);
    const found = influxGrains.find((each) => holds(each) && range.fromUs >= nowUs - keepUs[each.name]);
    return found ?? coarsest;
  }

  #planFor(lengthUs: number, exact: boolean): Plan | undefined {
    const { range, rolled, stream } = this.#parts;
    const grain = influxGrains.findLast((each) => lengthUs % each.lengthUs === 0);
    if (!grain) return undefined;
    const retired = this.#retired();
    const all = this.#whole(grain);
    const rowsAnHour = rolled.rowsAnHour(stream);
    const isFew = exact || rowsAnHour * hoursOf(all) <= queryLimits.exactRowsMax;
    const isLittle = isFew || all.length > partsMax;
    if (isLittle && retired.length === 0) return undefined;
    const whole = isLittle ? retired : all;
    const rest = between(whole, range);
    return { grain, whole, rest, isRestFew: rowsAnHour * hoursOf(rest) <= restRowsMax };
  }

  /** The part of the range of which rollups are all that is left. */
  #retired(): TimeRange[] {
    const { range, retiredUntilUs } = this.#parts;
    return this.#isGone ? [{ fromUs: range.fromUs, toUs: Math.min(range.toUs, retiredUntilUs) }] : [];
  }

  /** The parts of the range that a rollup holds. */
  #whole(grain: InfluxGrain = coarsest): TimeRange[] {
    const { range, rolled, stream, keepUs, nowUs, retiredUntilUs } = this.#parts;
    const sinceUs = Math.max(range.fromUs, nowUs - keepUs[grain.name], retiredUntilUs);
    const fromUs = Math.ceil(sinceUs / hourUs) * hourUs;
    const parts = rolled.whole(stream, fromUs, Math.floor(range.toUs / hourUs) * hourUs);
    return [...this.#retired(), ...parts.map(([partUs, endUs]) => ({ fromUs: partUs, toUs: endUs }))];
  }
}

function hoursOf(parts: readonly TimeRange[]): number {
  return parts.reduce((sum, { fromUs, toUs }) => sum + (toUs - fromUs), 0) / hourUs;
}

function addEdges(series: BucketSeries, edges: readonly ReadingColumns[]): void {
  for (const { t, v } of edges) {
    const buckets = new ReadingsIntoBuckets(series);
    buckets.add(t, v);
    buckets.finish();
  }
}

/** What of the range the parts leave. */
function between(whole: readonly TimeRange[], { fromUs, toUs }: PointRange): TimeRange[] {
  const rest: TimeRange[] = [];
  let startUs = fromUs;
  for (const part of whole) {
    if (startUs < part.fromUs) rest.push({ fromUs: startUs, toUs: part.fromUs });
    startUs = part.toUs;
  }
  if (startUs < toUs) rest.push({ fromUs: startUs, toUs });
  return rest;
}
