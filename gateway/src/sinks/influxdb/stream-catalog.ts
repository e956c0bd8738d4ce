import {
  OneReadingBatch,
  streamName,
  type Batch,
  type StreamInfo,
  type StreamName,
} from '@fieldline/protocol';
import { identifier } from './influxql.ts';
import type { InfluxQueries, Series } from './influx-queries.ts';
import type { LineBatch } from './line-batch.ts';
import { encodeString } from './line-protocol.ts';

/** What InfluxDB's own columns do not say of a stream: its unit, and which measurements hold it. */
export interface CatalogEntry {
  readonly device: string;
  readonly sensor: string;
  readonly quantity: string;
  readonly unit: string;
  readonly type: string;
  readonly window: string | null;
  /** Every type that the sensor ever had: each is a measurement. */
  readonly types: ReadonlySet<string>;
}

type Described = Omit<CatalogEntry, 'types'>;

/** Where the catalog stands in InfluxDB: one point whenever a stream appears or changes. */
export const catalogMeasurement = 'fieldline_stream';

/** Streams with unit, type and window, kept in InfluxDB beside their points. */
export class StreamCatalog {
  readonly #entries = new Map<StreamName, CatalogEntry>();
  /** The same by device, sensor and quantity: found without building a name. */
  readonly #named = new Map<string, Map<string, Map<string, CatalogEntry>>>();
  /** Described in the write in progress: the newest of each stream, and all of them in order. */
  #pending = new Map<StreamName, Described>();
  #drafts: Described[] = [];

  get(stream: StreamName): CatalogEntry | undefined {
    return this.#entries.get(stream);
  }

  list(): CatalogEntry[] {
    return [...this.#entries.values()];
  }

  forget(): void {
    this.#entries.clear();
    this.#named.clear();
    this.begin();
  }

  /** Forgets what was described and not kept: the same entries are written again. */
  begin(): void {
    if (this.#drafts.length === 0) return;
    this.#pending = new Map();
    this.#drafts = [];
  }

  /** Keeps what was described: its points are stored. */
  keep(): void {
    for (const described of this.#drafts) this.#put(described);
    this.begin();
  }

  /** Reads what earlier runs wrote. */
  async load(queries: InfluxQueries): Promise<void> {
    const from = identifier(catalogMeasurement);
    const statement = `SELECT "unit", "kind_window" FROM ${from} GROUP BY "device", "sensor", "quantity", "type"`;
    const [series = []] = await queries.ask(statement);
    const rows = series.flatMap(catalogRows).sort((a, b) => a.timeUs - b.timeUs);
    for (const { entry } of rows) this.#put(entry);
  }

  /** Writes lines for what the batch says anew. */
  describe(batch: Batch, receivedAtUs: number, into: LineBatch, entry: number): void {
    if (batch instanceof OneReadingBatch && this.#isDescribed(batch)) return;
    for (const block of batch.sensors) {
      if (block.kind === 'gaps' || block.extra) continue;
      const window = block.kind === 'windows' ? block.window : null;
      const fields: Readonly<Record<string, { readonly unit: string }>> = block.fields;
      const { sensor, type } = block;
      const settled = this.#pending.size === 0 ? this.#named.get(batch.device)?.get(sensor) : undefined;
      for (const quantity in fields) {
        const { unit } = fields[quantity]!;
        const named = settled?.get(quantity);
        if (named?.unit === unit && named.type === type && named.window === window) continue;
        const stream = streamName(batch.device, sensor, quantity);
        const known = this.#pending.get(stream) ?? this.#entries.get(stream);
        if (known?.unit === unit && known.type === type && known.window === window) continue;
        const described = { device: batch.device, sensor, quantity, unit, type, window };
        this.#pending.set(stream, described);
        this.#drafts.push(described);
        into.add(catalogLine(described, receivedAtUs), entry);
      }
    }
  }

  #isDescribed({ outline }: OneReadingBatch): boolean {
    if (this.#pending.size > 0) return false;
    const named = this.#named.get(outline.device)?.get(outline.sensor)?.get(outline.quantity);
    return named?.unit === outline.unit && named.type === outline.type && named.window === null;
  }

  #put(entry: Described): void {
    const stream = streamName(entry.device, entry.sensor, entry.quantity);
    const known = this.#entries.get(stream)?.types ?? [];
    const types = new Set<string>([...known, entry.type]);
    const kept = { ...entry, types };
    this.#entries.set(stream, kept);
    const sensors = this.#named.get(entry.device) ?? new Map<string, Map<string, CatalogEntry>>();
    const quantities = sensors.get(entry.sensor) ?? new Map<string, CatalogEntry>();
    quantities.set(entry.quantity, kept);
    sensors.set(entry.sensor, quantities);
    this.#named.set(entry.device, sensors);
  }
}

function catalogRows({ tags = {}, columns, values }: Series): { timeUs: number; entry: Described }[] {
  const { device = '', sensor = '', quantity = '', type = '' } = tags;
  const unitAt = columns.indexOf('unit');
  const windowAt = columns.indexOf('kind_window');
  return values.map((row) => {
    const window = String(row[windowAt] ?? '');
    const entry = {
      device,
      sensor,
      quantity,
      type,
      unit: String(row[unitAt]),
      window: window === '' ? null : window,
    };
    return { timeUs: Number(row[0]), entry };
  });
}

/** Names are valid already: nothing in them needs an escape. */
function catalogLine(entry: Described, timeUs: number): string {
  const { device, sensor, quantity, type, unit, window } = entry;
  const tags = `device=${device},sensor=${sensor},quantity=${quantity},type=${type}`;
  return `${catalogMeasurement},${tags} unit=${encodeString(unit)},kind_window=${encodeString(window ?? '')} ${timeUs}`;
}

/** A stream as the API lists it, with its newest value. */
export function streamInfo(
  entry: CatalogEntry,
  newest: { readonly t: number; readonly value: number } | undefined,
): StreamInfo {
  const { device, sensor, quantity, type, unit, window } = entry;
  return {
    stream: streamName(device, sensor, quantity),
    device,
    sensor,
    type,
    quantity,
    unit,
    kind: window === null ? 'readings' : 'windows',
    window,
    lastT: newest?.t ?? null,
    lastValue: newest?.value ?? null,
  };
}
