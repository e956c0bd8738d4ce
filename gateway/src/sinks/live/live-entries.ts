import { streamName } from '@fieldline/protocol';
import { liveNumbersMax } from '@fieldline/protocol/live';

/** One stream in one unit (and window). */
export interface LiveEntry {
  /** Stands for the stream in binary frames, for as long as the session lasts. */
  readonly id: number;
  readonly quantity: string;
  readonly stream: string;
  readonly unit: string;
  /** Null: it is one of readings. */
  readonly window: string | null;
  /** Its place among those of its sensor. */
  readonly place: number;
}

/** Entries of one sensor. */
export class SensorEntries {
  readonly device: string;
  readonly sensor: string;
  /** Its place among all sensors. */
  readonly place: number;
  readonly #all: LiveEntry[];
  readonly #own: LiveEntry[] = [];
  readonly #byQuantity = new Map<string, LiveEntry[]>();
  #next = 0;

  /** `all`: the entries of all sensors, by number. */
  constructor(device: string, sensor: string, about: { place: number; all: LiveEntry[] }) {
    this.device = device;
    this.sensor = sensor;
    this.place = about.place;
    this.#all = about.all;
  }

  /** A block of it begins. */
  begin(): void {
    this.#next = 0;
  }

  /** The entry of a quantity, made where there is none; undefined when all numbers are given out. */
  of(quantity: string, unit: string, window: string | null): LiveEntry | undefined {
    // Blocks mostly hold the same quantities in the same order: the entry behind the last one is tried first.
    const next = this.#own[this.#next];
    if (next?.quantity === quantity && next.unit === unit && next.window === window) {
      this.#next++;
      return next;
    }
    const found = this.#find(quantity, unit, window);
    if (found) this.#next = found.place + 1;
    return found;
  }

  #find(quantity: string, unit: string, window: string | null): LiveEntry | undefined {
    const known = this.#byQuantity
      .get(quantity)
      ?.find((entry) => entry.unit === unit && entry.window === window);
    if (known || this.#all.length >= liveNumbersMax) return known;
    const stream = streamName(this.device, this.sensor, quantity);
    const made = { id: this.#all.length, quantity, stream, unit, window, place: this.#own.length };
    this.#all.push(made);
    this.#own.push(made);
    getOrMake(this.#byQuantity, quantity, () => []).push(made);
    return made;
  }
}

/** Every stream that frames have held, by number and by name; found without building its name. */
export class LiveEntries {
  readonly all: LiveEntry[] = [];
  readonly #sensors: SensorEntries[] = [];
  readonly #byDevice = new Map<string, Map<string, SensorEntries>>();
  #next = 0;

  /** The entries of a sensor, for one block of it; undefined where it has none and all numbers are given out. */
  of(device: string, sensor: string): SensorEntries | undefined {
    // Devices mostly send in turn, each its sensors in the same order.
    const next = this.#sensors[this.#next];
    const isNext = next?.sensor === sensor && next.device === device;
    const found = isNext ? next : this.#find(device, sensor);
    if (!found) return undefined;
    this.#next = found.place + 1 < this.#sensors.length ? found.place + 1 : 0;
    found.begin();
    return found;
  }

  #find(device: string, sensor: string): SensorEntries | undefined {
    const known = this.#byDevice.get(device)?.get(sensor);
    if (known || Math.max(this.all.length, this.#sensors.length) >= liveNumbersMax) return known;
    const made = new SensorEntries(device, sensor, { place: this.#sensors.length, all: this.all });
    this.#sensors.push(made);
    getOrMake(this.#byDevice, device, () => new Map<string, SensorEntries>()).set(sensor, made);
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
