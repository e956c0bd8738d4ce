import type { Result } from '@fieldline/protocol';

/** Series remembered; beyond it all are made anew. */
const seriesMax = 200_000;

/** The device's own tags (`site`, …). */
export type DeviceTags = Readonly<Record<string, string>>;

/** Measurement and tags of one sensor's readings, escaped and checked, with the keys of its quantities. */
export interface KnownSeries {
  readonly type: string;
  readonly deviceTags: DeviceTags;
  readonly series: Result<string>;
  /** By quantity: the name under which its times are separated. */
  readonly streamKeys: Map<string, string>;
}

/** What is made from names alone, made once: a batch of one reading would spend most of its time on it. */
export class SeriesCache {
  readonly #devices = new Map<string, Map<string, KnownSeries>>();
  #count = 0;

  /** The series of a sensor's readings, made by `make` where its type or its device's tags are others than before. */
  of(
    name: { readonly device: string; readonly sensor: string; readonly type: string },
    deviceTags: DeviceTags,
    make: () => Result<string>,
  ): KnownSeries {
    const { device, sensor, type } = name;
    const known = this.#devices.get(device)?.get(sensor);
    if (known?.type === type && known.deviceTags === deviceTags) return known;
    const fresh: KnownSeries = { type, deviceTags, series: make(), streamKeys: new Map() };
    this.#put(device, sensor, fresh);
    return fresh;
  }

  #put(device: string, sensor: string, series: KnownSeries): void {
    if (this.#count >= seriesMax) {
      this.#devices.clear();
      this.#count = 0;
    }
    const sensors = this.#devices.get(device) ?? new Map<string, KnownSeries>();
    if (!sensors.has(sensor)) this.#count += 1;
    sensors.set(sensor, series);
    this.#devices.set(device, sensors);
  }
}

/** Under which name the times of a quantity's readings are separated. */
export function streamKeyOf(
  known: KnownSeries,
  name: { readonly device: string; readonly sensor: string; readonly quantity: string },
): string {
  const { device, sensor, quantity } = name;
  const key = known.streamKeys.get(quantity);
  if (key !== undefined) return key;
  const fresh = `${device}/${sensor}/${quantity}`;
  known.streamKeys.set(quantity, fresh);
  return fresh;
}
