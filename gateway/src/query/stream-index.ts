import {
  OneReadingBatch,
  streamName,
  type Batch,
  type ReadingsBlock,
  type StreamInfo,
  type WindowsBlock,
} from '@fieldline/protocol';

/**
 * Every stream with its newest value, in memory: filled from the primary store at start, then fed with each
 * journaled batch. Feeding the same batch twice, or an old one late, changes nothing.
 */
export class StreamIndex {
  readonly #streams = new Map<string, KnownStream>();
  /** The same by device, sensor and quantity: found without building a name. */
  readonly #named = new Map<string, Map<string, Map<string, KnownStream>>>();
  readonly #byDevice = new Map<string, Set<string>>();

  list(): StreamInfo[] {
    return Array.from(this.#streams.values(), (known) => ({ ...known }));
  }

  get(stream: string): StreamInfo | undefined {
    const known = this.#streams.get(stream);
    return known && { ...known };
  }

  ofDevice(device: string): StreamInfo[] {
    const names = this.#byDevice.get(device) ?? [];
    return Array.from(names, (name) => this.get(name)).filter((info) => info !== undefined);
  }

  /** Takes what a store knows, where nothing newer is known. */
  restore(streams: readonly StreamInfo[]): void {
    for (const stream of streams) this.#put(stream);
  }

  feed(batch: Batch): void {
    if (batch instanceof OneReadingBatch && this.#feedOne(batch)) return;
    for (const block of batch.sensors) {
      if (block.kind === 'gaps' || block.extra) continue;
      if (block.kind === 'readings') this.#feedReadings(batch.device, block);
      else this.#feedWindows(batch.device, block);
    }
  }

  /** False where its stream is not known yet, or was another. */
  #feedOne({ outline, timeUs, value }: OneReadingBatch): boolean {
    const known = this.#named.get(outline.device)?.get(outline.sensor)?.get(outline.quantity);
    if (known?.kind !== 'readings' || known.unit !== outline.unit || known.type !== outline.type)
      return false;
    renew(known, timeUs, value);
    return true;
  }

  #feedReadings(device: string, block: ReadingsBlock): void {
    for (const quantity in block.fields) {
      const { unit, v } = block.fields[quantity]!;
      const index = newestIndex(block.t, v);
      const known = this.#named.get(device)?.get(block.sensor)?.get(quantity);
      if (known?.kind === 'readings' && known.unit === unit && known.type === block.type) {
        renew(known, block.t[index], v[index]);
        continue;
      }
      const description = describe(device, block, quantity, unit);
      this.#put({ ...description, kind: 'readings', window: null, ...newest(block.t, v, index) });
    }
  }

  #feedWindows(device: string, block: WindowsBlock): void {
    for (const [quantity, { unit, sum, count }] of Object.entries(block.fields)) {
      const means = sum.map((value, index) => value / count[index]!);
      const index = newestIndex(block.end, means);
      const description = describe(device, block, quantity, unit);
      this.#put({
        ...description,
        kind: 'windows',
        window: block.window,
        ...newest(block.end, means, index),
      });
    }
  }

  #put(info: StreamInfo): void {
    const known = this.#streams.get(info.stream);
    if (known && (known.lastT ?? Number.NEGATIVE_INFINITY) > (info.lastT ?? Number.NEGATIVE_INFINITY)) return;
    const kept = { ...info };
    this.#streams.set(info.stream, kept);
    this.#name(kept);
    if (known) return;
    const names = this.#byDevice.get(info.device);
    if (names) names.add(info.stream);
    else this.#byDevice.set(info.device, new Set([info.stream]));
  }

  #name(info: KnownStream): void {
    const { device, sensor, quantity } = info;
    const sensors = this.#named.get(device) ?? new Map<string, Map<string, KnownStream>>();
    const quantities = sensors.get(sensor) ?? new Map<string, KnownStream>();
    quantities.set(quantity, info);
    sensors.set(sensor, quantities);
    this.#named.set(device, sensors);
  }
}

/** A stream whose newest value is replaced as batches come. */
type KnownStream = Omit<StreamInfo, 'lastT' | 'lastValue'> & {
  lastT: number | null;
  lastValue: number | null;
};

/** Takes the newest value of a batch, where it is not older than the one that is known. */
function renew(known: KnownStream, timeUs: number | undefined, value: number | undefined): void {
  if (timeUs === undefined || (known.lastT ?? Number.NEGATIVE_INFINITY) > timeUs) return;
  known.lastT = timeUs;
  known.lastValue = value ?? null;
}

type Description = Pick<StreamInfo, 'stream' | 'device' | 'sensor' | 'type' | 'quantity' | 'unit'>;

function describe(
  device: string,
  { sensor, type }: { sensor: string; type: string },
  quantity: string,
  unit: string,
): Description {
  return { stream: streamName(device, sensor, quantity), device, sensor, type, quantity, unit };
}

/** Place of the newest value, -1 where none is there (NaN is absence). */
function newestIndex(times: Float64Array, values: Float64Array): number {
  let newestAt = -1;
  for (let index = 0; index < times.length; index++) {
    if (Number.isNaN(values[index]!)) continue;
    if (newestAt < 0 || times[index]! >= times[newestAt]!) newestAt = index;
  }
  return newestAt;
}

function newest(
  times: Float64Array,
  values: Float64Array,
  index: number,
): { lastT: number | null; lastValue: number | null } {
  return { lastT: times[index] ?? null, lastValue: values[index] ?? null };
}
