/**
 * Where a magnitude lies among the buckets of a sketch, without a logarithm for most.
 *
 * The buckets are those of `ceil(log(magnitude) / log(gamma))`, to the last bit. A double's exponent and the
 * first bits of its fraction name a cell narrower than any bucket, so that a cell holds one bucket's edge at
 * most: the bucket is that of the cell's start, or the next one beyond the edge. Cells are made by octave, when
 * the first magnitude of an octave comes, and are shared by all sketches of one accuracy.
 */
export class BucketIndex {
  readonly relativeAccuracy: number;
  readonly logGamma: number;
  readonly #perLogGamma: number;
  /** A cell is the high word of a double shifted right by this; 0 where the accuracy is too fine for cells. */
  readonly cellShift: number;
  /** The cell that `edge[0]` stands for. */
  baseCell = 0;
  /** Two numbers a cell: the bucket in which it starts, and the high word of its edge. */
  cells = new Int32Array(0);
  /** By cell: the largest magnitude of the bucket in which it starts; Infinity where no edge lies in the cell. */
  edge = new Float64Array(0);

  constructor(relativeAccuracy: number) {
    this.relativeAccuracy = relativeAccuracy;
    this.logGamma = Math.log((1 + relativeAccuracy) / (1 - relativeAccuracy));
    this.#perLogGamma = 1 / this.logGamma;
    // A bucket is at least exp(logGamma) - 1 wide, relative to where it starts; cells are half of that or less.
    const cellBits = Math.max(1, Math.ceil(-Math.log2(Math.expm1(this.logGamma))) + 1);
    this.cellShift = cellBits > cellBitsMax ? 0 : fractionBitsHigh - cellBits;
  }

  /** The bucket of a magnitude (positive and finite), by definition. */
  of(magnitude: number): number {
    return Math.ceil(Math.log(magnitude) * this.#perLogGamma);
  }

  /** Makes the cells of the octave of a magnitude, where it has some: it must be normal, the accuracy not too fine. */
  include(magnitude: number): void {
    const exponent = Math.floor(highWord(magnitude) / 2 ** fractionBitsHigh);
    if (this.cellShift === 0 || exponent === 0) return;
    const cells = 2 ** (fractionBitsHigh - this.cellShift);
    const from = exponent * cells;
    const isFirst = this.edge.length === 0;
    const lowest = isFirst ? from : Math.min(from, this.baseCell);
    const highest = isFirst ? from + cells : Math.max(from + cells, this.baseCell + this.edge.length);
    if (highest - lowest === this.edge.length || highest - lowest > octavesMax * cells) return;
    this.#widen(lowest, highest, cells);
  }

  #widen(lowest: number, highest: number, octaveCells: number): void {
    const cells = new Int32Array(2 * (highest - lowest));
    const edge = new Float64Array(highest - lowest);
    const known = this.baseCell - lowest;
    const knownEnd = known + this.edge.length;
    for (let octave = 0; octave < edge.length; octave += octaveCells) {
      if (octave >= known && octave < knownEnd) continue;
      for (let at = octave; at < octave + octaveCells; at++) {
        const { bucket, last } = this.#cell(lowest + at);
        cells[2 * at] = bucket;
        cells[2 * at + 1] = highWord(last);
        edge[at] = last;
      }
    }
    if (this.edge.length > 0) {
      cells.set(this.cells, 2 * known);
      edge.set(this.edge, known);
    }
    this.cells = cells;
    this.edge = edge;
    this.baseCell = lowest;
  }

  /** The bucket in which a cell starts, and the largest magnitude of it if that lies in the cell. */
  #cell(cell: number): { bucket: number; last: number } {
    const startsAt = fromHighWord(cell * 2 ** this.cellShift, 0);
    const endsAt = fromHighWord((cell + 1) * 2 ** this.cellShift - 1, 0xffff_ffff);
    const bucket = this.of(startsAt);
    const last = this.of(endsAt) === bucket ? Infinity : this.#lastOf(bucket, startsAt, endsAt);
    return { bucket, last };
  }

  /** The largest magnitude of a bucket that has its edge between the two: so rounding is that of `of`. */
  #lastOf(bucket: number, from: number, to: number): number {
    let inside = from;
    let beyond = to;
    for (;;) {
      const middle = inside + (beyond - inside) / 2;
      if (middle <= inside || middle >= beyond) return inside;
      if (this.of(middle) === bucket) inside = middle;
      else beyond = middle;
    }
  }
}

/** Bits of the fraction in the high word of a double. */
const fractionBitsHigh = 20;
/** Finer cells than these (12 bytes each) would push everything else out of the processor's caches. */
const cellBitsMax = 11;
/** The octaves that one index has cells for; magnitudes beyond them are looked up by their logarithm. */
const octavesMax = 64;
/** Accuracies that have one index for all of their sketches; beyond, the oldest is made anew when asked for. */
const sharedMax = 8;

const shared = new Map<number, BucketIndex>();
const scratch = new DataView(new ArrayBuffer(8));

/** The index of an accuracy: one for all sketches that have it. */
export function bucketIndexOf(relativeAccuracy: number): BucketIndex {
  const known = shared.get(relativeAccuracy);
  if (known !== undefined) return known;
  const made = new BucketIndex(relativeAccuracy);
  const [oldest] = shared.keys();
  if (shared.size >= sharedMax && oldest !== undefined) shared.delete(oldest);
  shared.set(relativeAccuracy, made);
  return made;
}

function highWord(value: number): number {
  scratch.setFloat64(0, value);
  return scratch.getUint32(0);
}

function fromHighWord(high: number, low: number): number {
  scratch.setUint32(0, high);
  scratch.setUint32(4, low);
  return scratch.getFloat64(0);
}
