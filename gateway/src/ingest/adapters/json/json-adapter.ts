import { accepted, refused, type Result } from '@fieldline/protocol';
import type { Adapter, DialectContent, DialectMessage, DialectReading } from '../adapter.ts';
import { readText } from '../text.ts';
import { leavesOf, readPath, type JsonValue } from './json-path.ts';
import { readTime, type TimeForm } from './json-time.ts';

/** One value of the objects, and what it is called here. */
export interface JsonValueMap {
  /** Where it stands: keys between points, as in `ENERGY.Power`; a number is a place in an array. */
  readonly path: string;
  readonly quantity?: string;
  readonly sensor?: string;
  readonly unit?: string;
  /** What the value is multiplied by. */
  readonly scale?: number;
  /** Numbers for the words that may stand there. */
  readonly words?: Readonly<Record<string, number>>;
}

/** How JSON objects are read. */
export interface JsonOptions {
  /** Which values; all numbers and truth values where it is left out. */
  readonly values?: readonly JsonValueMap[];
  /** Where the time of the readings stands; else they have that of their arrival. */
  readonly time?: { readonly path: string; readonly form: TimeForm };
}

/** JSON objects, by a map from their paths: what Tasmota, zigbee2mqtt and many others send. */
export class JsonAdapter implements Adapter {
  readonly #options: JsonOptions;

  constructor(options: JsonOptions) {
    this.#options = options;
  }

  read({ payload, receivedAtUs }: DialectMessage): Result<DialectContent> {
    const text = readText(payload);
    if (!text.ok) return text;
    const document = parse(text.value);
    if (typeof document !== 'object' || document === null || Array.isArray(document))
      return refused('DIALECT_UNREADABLE', 'It is not a JSON object.');
    const timeUs = this.#timeOf(document, receivedAtUs);
    if (timeUs === undefined)
      return refused('DIALECT_UNREADABLE', `No time stands at ${this.#options.time?.path ?? ''}.`);
    const { values } = this.#options;
    return accepted({ readings: values ? mapped(document, values, timeUs) : all(document, timeUs) });
  }

  #timeOf(document: JsonValue, receivedAtUs: number): number | undefined {
    const { time } = this.#options;
    return time ? readTime(readPath(document, time.path), time.form) : receivedAtUs;
  }
}

/** A path where nothing stands is no reading: devices leave out what has not changed. */
function mapped(document: JsonValue, values: readonly JsonValueMap[], timeUs: number): DialectReading[] {
  return values.flatMap((map) => {
    const found = readPath(document, map.path);
    if (found === undefined || found === null) return [];
    const value = toNumber(found, map);
    const quantity = map.quantity ?? map.path;
    return [{ names: {}, quantity, sensor: map.sensor, unit: map.unit, timeUs, value }];
  });
}

function all(document: JsonValue, timeUs: number): DialectReading[] {
  return leavesOf(document).flatMap(({ path, leaf }) =>
    typeof leaf === 'number' || typeof leaf === 'boolean'
      ? [{ names: {}, quantity: path, timeUs, value: Number(leaf) }]
      : [],
  );
}

function toNumber(found: JsonValue, { scale = 1, words }: JsonValueMap): number | undefined {
  if (typeof found === 'string' && words && Object.hasOwn(words, found)) return words[found];
  if (typeof found === 'boolean') return Number(found);
  const value = typeof found === 'number' ? found * scale : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
