import { streamName } from '@fieldline/protocol';
import { liveNumbersMax } from '@fieldline/protocol/live';

/** Values of a row of readings: time and value. Of windows: start, end, count, mean, min, max. */
export const rowWidth = { readings: 2, windows: 6 } as const;

/** One stream in one unit (and window), with what came of it since the last frame. */
export class LiveEntry {
  /** Stands for the stream in binary frames, for as long as the session lasts. */
  readonly id: number;
  readonly device: string;
  readonly sensor: string;
  readonly quantity: string;
  readonly stream: string;
  readonly unit: string;
  readonly window: string | null;
  /** The frame that last held something of it. */
  seq = 0;
  /** Its newest row, by time. */
  readonly latest: Float64Array;
  /** Rows of the frame under way, one after the other. */
  rows: Float64Array;
  used = 0;

  constructor(
    id: number,
    about: { device: string; sensor: string; quantity: string; unit: string; window: string | null },
  ) {
    this.id = id;
    this.device = about.device;
    this.sensor = about.sensor;
    this.quantity = about.quantity;
    this.stream = streamName(about.device, about.sensor, about.quantity);
    this.unit = about.unit;
    this.window = about.window;
    const width = about.window === null ? rowWidth.readings : rowWidth.windows;
    this.latest = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
    this.rows = new Float64Array(width);
  }

  /** Makes room for one more row; answers where it begins. */
  addRow(): number {
    const at = this.used;
    this.used += this.latest.length;
    if (this.used > this.rows.length) {
      const larger = new Float64Array(this.rows.length * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    return at;
  }

  /** Remembers the newest row of the frame under way, and begins the next one. */
  endFrame(seq: number): void {
    const { rows, latest } = this;
    const width = latest.length;
    for (let at = 0; at < this.used; at += width) {
      if (rows[at]! < latest[0]!) continue;
      for (let column = 0; column < width; column++) latest[column] = rows[at + column]!;
    }
    this.seq = seq;
    this.forgetRows();
  }

  forgetRows(): void {
    this.used = 0;
    // What a burst needed is not kept for ever.
    if (this.rows.length > keptRows * this.latest.length) this.rows = new Float64Array(this.latest.length);
  }
}

/** Rows for which an entry keeps its room from frame to frame. */
const keptRows = 16;

/** Every stream that frames have held, by number and by name; found without building its name. */
export class LiveEntries {
  readonly all: LiveEntry[] = [];
  #next: LiveEntry | undefined;
  readonly #byDevice = new Map<string, Map<string, Map<string, LiveEntry[]>>>();

  /** The entry of a stream, made where there is none; undefined when all numbers are given out. */
  of(
    device: string,
    sensor: string,
    quantity: string,
    about: { unit: string; window: string | null },
  ): LiveEntry | undefined {
    // Blocks mostly hold the same quantities in the same order: the entry behind the last one is tried first.
    const next = this.#next;
    if (
      next?.quantity === quantity &&
      next.sensor === sensor &&
      next.device === device &&
      next.unit === about.unit &&
      next.window === about.window
    ) {
      this.#next = this.all[next.id + 1];
      return next;
    }
    const found = this.#find(device, sensor, quantity, about);
    this.#next = found && this.all[found.id + 1];
    return found;
  }

  #find(
    device: string,
    sensor: string,
    quantity: string,
    about: { unit: string; window: string | null },
  ): LiveEntry | undefined {
    const sensors = getOrMake(this.#byDevice, device, () => new Map<string, Map<string, LiveEntry[]>>());
    const quantities = getOrMake(sensors, sensor, () => new Map<string, LiveEntry[]>());
    const entries = getOrMake(quantities, quantity, () => []);
    for (const entry of entries) {
      if (entry.unit === about.unit && entry.window === about.window) return entry;
    }
    if (this.all.length >= liveNumbersMax) return undefined;
    const made = new LiveEntry(this.all.length, { device, sensor, quantity, ...about });
    this.all.push(made);
    entries.push(made);
    return made;
  }
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
