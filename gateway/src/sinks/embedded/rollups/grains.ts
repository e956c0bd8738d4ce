/** The rollups that the store keeps: windows of one length, in chunks that are read and written whole. */
export interface RollupGrain {
  /** As people name it. */
  readonly name: '10s' | '1m' | '1h';
  /** In `rolled` of a block: this rollup holds the block. */
  readonly bit: number;
  readonly lengthUs: number;
  /** Length of a chunk: some hundred to a thousand windows. */
  readonly chunkUs: number;
  /** Rows that a window must take the place of, on average: for fewer it gains nothing. */
  readonly rowsMin: number;
}

const secondUs = 1_000_000;
const hourUs = 3600 * secondUs;

/** From the finest to the coarsest; each length divides the next. */
export const rollupGrains: readonly RollupGrain[] = [
  { name: '10s', bit: 1, lengthUs: 10 * secondUs, chunkUs: hourUs, rowsMin: 16 },
  { name: '1m', bit: 2, lengthUs: 60 * secondUs, chunkUs: 24 * hourUs, rowsMin: 4 },
  { name: '1h', bit: 4, lengthUs: hourUs, chunkUs: 64 * 24 * hourUs, rowsMin: 2 },
];

/** In `rolled` of a block: the rollups have taken what they want of it. */
export const lookedAt = 8;

/** In `retired`: the kind under which it stands until when removed windows of one stream were too long for a rollup. */
export function missingFrom(name: RollupGrain['name'], stream: number): string {
  return `${name} of ${stream}`;
}
