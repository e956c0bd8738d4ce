/** A rollup in InfluxDB: windows of one length under a retention policy of their own. */
export interface InfluxGrain {
  readonly name: '1m' | '1h';
  readonly lengthUs: number;
  /** The retention policy. */
  readonly policy: string;
}

/** Rollups are made an hour at a time. */
export const hourUs = 3_600_000_000;

/** From the finest to the coarsest; each length divides the next, and all divide an hour. */
export const influxGrains = [
  { name: '1m', lengthUs: 60_000_000, policy: 'fieldline_1m' },
  { name: '1h', lengthUs: hourUs, policy: 'fieldline_1h' },
] as const satisfies readonly InfluxGrain[];

/** How long each rollup is kept, µs; Infinity keeps it for ever. */
export type RollupKeepUs = Readonly<Record<'1m' | '1h', number>>;

/** Keeps all rollups. */
export const keepRollups: RollupKeepUs = { '1m': Infinity, '1h': Infinity };

/** The same with the readings themselves; for ever where it is left out. */
export type InfluxKeepUs = RollupKeepUs & { readonly readings?: number };
