import { Buffer } from 'node:buffer';
import type { Result } from '@fieldline/protocol';

/** Series remembered; beyond it all are made anew. */
const seriesMax = 200_000;

/** The device's own tags (`site`, …). */
export type DeviceTags = Readonly<Record<string, string>>;

/** What is made of the name of one quantity. */
export interface KnownQuantity {
  /** The name under which its times are separated. */
  readonly streamKey: string;
  /** `temperature=` */
  readonly key: Uint8Array;
  /** `,temperature_quality=` */
  readonly qualityKey: Uint8Array;
}

/** Measurement and tags of one sensor's readings, escaped and checked, with the keys of its quantities. */
export interface KnownSeries {
  readonly type: string;
  readonly deviceTags: DeviceTags;
  readonly series: Result<Uint8Array>;
  readonly quantities: Map<string, KnownQuantity>;
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
    const known = this.known(name, deviceTags);
    if (known) return known;
    const made = make();
    const series = made.ok ? ({ ok: true, value: Buffer.from(made.value) } as const) : made;
    const fresh: KnownSeries = { type, deviceTags, series, quantities: new Map() };
    this.#put(device, sensor, fresh);
    return fresh;
  }

  /** The series of a sensor's readings, where it has been made and is still the same. */
  known(
    { device, sensor, type }: { readonly device: string; readonly sensor: string; readonly type: string },
    deviceTags: DeviceTags,
  ): KnownSeries | undefined {
    const known = this.#devices.get(device)?.get(sensor);
    return known?.type === type && known.deviceTags === deviceTags ? known : undefined;
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

/** What is made of a quantity's name, made once a series. */
export function quantityOf(
  known: KnownSeries,
  name: { readonly device: string; readonly sensor: string; readonly quantity: string },
): KnownQuantity {
  const { device, sensor, quantity } = name;
  const before = known.quantities.get(quantity);
  if (before) return before;
  const fresh = {
    streamKey: `${device}/${sensor}/${quantity}`,
    key: Buffer.from(`${quantity}=`),
    qualityKey: Buffer.from(`,${quantity}_quality=`),
  };
  known.quantities.set(quantity, fresh);
  return fresh;
}
