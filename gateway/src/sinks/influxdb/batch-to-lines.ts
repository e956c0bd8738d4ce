import { Buffer } from 'node:buffer';
import {
  OneReadingBatch,
  type Batch,
  type GapsBlock,
  type ReadingsBlock,
  type ReadingsField,
  type Result,
  type WindowsBlock,
  type WindowsField,
} from '@fieldline/protocol';
import type { RefusedPart } from '../sink.ts';
import type { LineBatch } from './line-batch.ts';
import { encodeFloat, encodeKey, encodeMeasurement, encodeString } from './line-protocol.ts';
import { oneReadingToLine, readingsToLines } from './readings-to-lines.ts';
import { SeriesCache, type DeviceTags } from './series-cache.ts';
import { separationTag, type BlockIdentity, type TimeSeparation } from './time-separation.ts';

/** Strings that InfluxDB takes in one field. */
const stringBytesMax = 64 * 1024 - 1;

/** The columns of a window that become fields, beside the mean and the sketch. */
const windowColumns = ['count', 'sum', 'min', 'max', 'first', 'last', 'm2'] as const;

/** What lines are made with, beside the batch. */
export interface LinesOptions {
  /** The device's own tags (`site`, …), beside `device` and `sensor`. */
  readonly deviceTags: DeviceTags;
  /** Kept from write to write; where it is left out, every name is made anew. */
  readonly series?: SeriesCache;
  readonly separation: TimeSeparation;
  readonly offset: number;
  /** Place of the entry among those of the write. */
  readonly entry: number;
}

/**
 * Turns one batch into line protocol by Telegraf's conventions: measurement = the sensor's type; tags
 * `device`, `sensor` and the device's own; a field a quantity, always a float; µs. Windows carry the tag
 * `window`, their start as time, and `window_end`. Copies carry the tag `extra`.
 *
 * Halves of one window (`partial`) have one start and stay two points, separated like readings of one time:
 * sums over both are the whole window, and none is counted twice.
 */
export function batchToLines(batch: Batch, into: LineBatch, options: LinesOptions): readonly RefusedPart[] {
  if (batch instanceof OneReadingBatch && oneToLine(batch, into, options)) return noRefusals;
  const refusals: RefusedPart[] = [];
  const { device, epoch, seq, sensors } = batch;
  const cache = options.series ?? new SeriesCache();
  for (let block = 0; block < sensors.length; block++) {
    const sensorBlock = sensors[block]!;
    const identity = { epoch, seq, block };
    if (sensorBlock.kind === 'readings' && !sensorBlock.extra) {
      const { sensor, type } = sensorBlock;
      const make = (): Result<string> => seriesOf(device, sensorBlock, options.deviceTags);
      const known = cache.of({ device, sensor, type }, options.deviceTags, make);
      const { separation, entry } = options;
      if (known.series.ok)
        readingsToLines({ into, separation, device, known, series: known.series.value, identity, entry }, sensorBlock); // prettier-ignore
      else refusals.push(refusedBlock(device, sensorBlock, options.offset, known.series));
      continue;
    }
    const series = seriesOf(device, sensorBlock, options.deviceTags);
    if (!series.ok) {
      refusals.push(refusedBlock(batch.device, sensorBlock, options.offset, series));
      continue;
    }
    const writer = new BlockWriter(
      into,
      options,
      series.value,
      identity,
      `${batch.device}/${sensorBlock.sensor}`,
    );
    if (sensorBlock.kind === 'readings') writer.readings(sensorBlock);
    else if (sensorBlock.kind === 'windows') writer.windows(sensorBlock);
    else writer.gaps(sensorBlock);
  }
  return refusals;
}

const noRefusals: readonly RefusedPart[] = [];

/** Most batches of one reading: their series is known, and their point needs no tag of its own. False where not. */
function oneToLine(batch: OneReadingBatch, into: LineBatch, options: LinesOptions): boolean {
  const { outline } = batch;
  const { separation, entry, deviceTags } = options;
  const known = options.series?.known(outline, deviceTags);
  if (!known?.series.ok) return false;
  const { device } = outline;
  return oneReadingToLine({ into, separation, device, known, series: known.series.value, entry }, batch);
}

type Block = ReadingsBlock | WindowsBlock | GapsBlock;

/** Tags that have a meaning of ours; a device's own tag of such a name is left out. */
const reservedTags: ReadonlySet<string> = new Set([
  'device',
  'sensor',
  'window',
  'extra',
  'time',
  separationTag,
]);

/** Measurement and tags, without the separating tag: `thermometer,device=a,sensor=b`. */
function seriesOf(
  device: string,
  block: Block,
  deviceTags: Readonly<Record<string, string>>,
): Result<string> {
  const measurement = encodeMeasurement(block.kind === 'gaps' ? 'fieldline_gap' : block.type);
  if (!measurement.ok) return measurement;
  const tags: [string, string][] = [
    ['device', device],
    ['sensor', block.sensor],
  ];
  if (block.kind === 'windows') tags.push(['window', block.window]);
  if (block.kind !== 'gaps' && block.extra) tags.push(['extra', 'true']);
  let series = measurement.value;
  for (const tag of tags) {
    const encoded = encodeTag(tag);
    if (!encoded.ok) return encoded;
    series += encoded.value;
  }
  return { ok: true, value: series + encodeDeviceTags(deviceTags) };
}

/** A tag that InfluxDB would misread is left out: a badly named site must not cost a reading. */
function encodeDeviceTags(deviceTags: Readonly<Record<string, string>>): string {
  return Object.entries(deviceTags)
    .filter(([key]) => !reservedTags.has(key))
    .map(encodeTag)
    .map((encoded) => (encoded.ok ? encoded.value : ''))
    .join('');
}

function encodeTag([key, value]: [string, string]): Result<string> {
  const encodedKey = encodeKey(key);
  if (!encodedKey.ok) return encodedKey;
  const encodedValue = encodeKey(value);
  if (!encodedValue.ok) return encodedValue;
  return { ok: true, value: `,${encodedKey.value}=${encodedValue.value}` };
}

/** Empty where there is no value at this time. */
function readingField(quantity: string, { v, q }: ReadingsField, index: number): string {
  const value = v[index]!;
  if (Number.isNaN(value)) return '';
  const encoded = `${quantity}=${encodeFloat(value)}`;
  const quality = q === undefined ? 0 : q[index]!;
  return quality === 0 ? encoded : `${encoded},${quantity}_quality=${quality}`;
}

class BlockWriter {
  readonly #into: LineBatch;
  readonly #options: LinesOptions;
  readonly #series: string;
  readonly #identity: BlockIdentity;
  readonly #streamPrefix: string;

  constructor(
    into: LineBatch,
    options: LinesOptions,
    series: string,
    identity: BlockIdentity,
    streamPrefix: string,
  ) {
    this.#into = into;
    this.#options = options;
    this.#series = series;
    this.#identity = identity;
    this.#streamPrefix = streamPrefix;
  }

  readings(block: ReadingsBlock): void {
    const key = block.extra ? '+' : '';
    const columns = Object.entries(block.fields).map(([quantity, { v }]) => ({
      tags: this.#tags(`${quantity}${key}`, block.t, (index) => !Number.isNaN(v[index]!)),
      field: (index: number): string => readingField(quantity, block.fields[quantity]!, index),
    }));
    this.#write(block.t, columns, '');
  }

  windows(block: WindowsBlock): void {
    const key = `@${block.window}${block.extra ? '+' : ''}`;
    const columns = Object.entries(block.fields).map(([quantity, field]) => ({
      tags: this.#tags(`${quantity}${key}`, block.start, (index) => field.count[index]! > 0),
      field: (index: number): string => windowFields(quantity, field, index),
    }));
    this.#write(block.start, columns, (index) => `,window_end=${encodeFloat(block.end[index]!)}`);
  }

  gaps(block: GapsBlock): void {
    const tags = this.#tags('#gap', block.from, () => true);
    const field = (index: number): string =>
      `to=${encodeFloat(block.to[index]!)},reason=${encodeString(block.reason[index] ?? '')}`;
    this.#write(block.from, [{ tags, field }], '');
  }

  #tags(
    quantity: string,
    times: Float64Array,
    present: (index: number) => boolean,
  ): readonly string[] | undefined {
    return this.#options.separation.tags(`${this.#streamPrefix}/${quantity}`, times, present, this.#identity);
  }

  /** One line a time; fields whose points need another separating tag get a line of their own. */
  #write(
    times: Float64Array,
    columns: readonly { tags: readonly string[] | undefined; field: (index: number) => string }[],
    suffix: string | ((index: number) => string),
  ): void {
    const { entry } = this.#options;
    for (let index = 0; index < times.length; index++) {
      const end = `${typeof suffix === 'string' ? suffix : suffix(index)} ${times[index]!}`;
      let untagged = '';
      for (const { tags, field } of columns) {
        const encoded = field(index);
        if (encoded === '') continue;
        const tag = tags?.[index] ?? '';
        if (tag === '') untagged += untagged === '' ? encoded : `,${encoded}`;
        else this.#into.add(`${this.#series},${separationTag}=${tag} ${encoded}${end}`, entry);
      }
      if (untagged !== '') this.#into.add(`${this.#series} ${untagged}${end}`, entry);
    }
  }
}

/** Fields of one window of one quantity; empty where it holds no reading. */
function windowFields(quantity: string, field: WindowsField, index: number): string {
  const count = field.count[index]!;
  if (count === 0) return '';
  let encoded = `${quantity}_mean=${encodeFloat(field.sum[index]! / count)}`;
  for (const column of windowColumns)
    encoded += `,${quantity}_${column}=${encodeFloat(field[column][index]!)}`;
  const sketch = field.sketch?.[index];
  if (!sketch) return encoded;
  const text = Buffer.from(sketch.buffer, sketch.byteOffset, sketch.byteLength).toString('base64url');
  return text.length > stringBytesMax ? encoded : `${encoded},${quantity}_sketch="${text}"`;
}

function refusedBlock(
  device: string,
  block: Block,
  offset: number,
  { refusal }: { refusal: { code: RefusedPart['code']; detail: string } },
): RefusedPart {
  const counts: Record<string, number> = {};
  if (block.kind !== 'gaps' && !block.extra) {
    for (const quantity of Object.keys(block.fields))
      counts[`${block.sensor}/${quantity}`] = countOf(block, quantity);
  }
  const payload = Buffer.from(`${block.kind} of ${device}/${block.sensor}`);
  return { offset, device, code: refusal.code, detail: refusal.detail, counts, payload };
}

function countOf(block: ReadingsBlock | WindowsBlock, quantity: string): number {
  if (block.kind === 'readings')
    return block.fields[quantity]?.v.filter((value) => !Number.isNaN(value)).length ?? 0;
  return block.fields[quantity]?.count.reduce((sum, count) => sum + count, 0) ?? 0;
}
