import { unpackFloats } from '../column/index.ts';
import { bytesFromBase64url } from './json.ts';
import { batchLimits } from './limits.ts';
import { invalid } from './wire-problem.ts';

const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** A decoded map whose values have not been checked yet. */
export type WireObject = Readonly<Record<string, unknown>>;

/** How many more values the columns of this message may have together. */
export interface ValueBudget {
  left: number;
}

/** A map with no other keys than `keys`; one with a `?` may be missing. */
export function readObject(value: unknown, path: string, keys: readonly string[]): WireObject {
  const object = readMap(value, path);
  for (const key of Object.keys(object)) {
    if (!keys.includes(key) && !keys.includes(`${key}?`)) throw invalid(join(path, key), 'unknown key');
  }
  for (const key of keys) {
    if (!key.endsWith('?') && !Object.hasOwn(object, key)) throw invalid(join(path, key), 'missing');
  }
  return object;
}

/** A map with any keys. */
export function readMap(value: unknown, path: string): WireObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw invalid(path, `${kindOf(value)} where a map was expected`);
  }
  return value as WireObject;
}

/**
 * Reads each value of a map of at most `max` entries into an object without a prototype, so that no key can
 * reach one. Keys have to match `pattern`.
 */
export function readRecord<Value>(
  value: unknown,
  path: string,
  { pattern = namePattern, max }: { pattern?: RegExp; max: number },
  read: (entry: unknown, path: string) => Value,
): Record<string, Value> {
  const map = readMap(value, path);
  const keys = Object.keys(map);
  if (keys.length > max) throw invalid(path, `${keys.length} entries, more than ${max}`);
  const record: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const key of keys) {
    if (!pattern.test(key)) throw invalid(join(path, key), 'not a valid name');
    record[key] = read(map[key], join(path, key));
  }
  return record;
}

/** An array of at most `max` entries, which are not checked. */
export function readArray(value: unknown, path: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(path, `${kindOf(value)} where an array was expected`);
  if (value.length > max) throw invalid(path, `${value.length} entries, more than ${max}`);
  return value;
}

/** Text that matches `pattern`, which also bounds its length. */
export function readText(value: unknown, path: string, pattern: RegExp): string {
  if (typeof value !== 'string') throw invalid(path, `${kindOf(value)} where text was expected`);
  if (!pattern.test(value)) throw invalid(path, `${quoted(value)} does not match ${pattern.source}`);
  return value;
}

/** Name of a sensor, a type or a quantity. */
export function readName(value: unknown, path: string): string {
  return readText(value, path, namePattern);
}

/** One of the texts `choices`. */
export function readOneOf<const Choice extends string>(
  value: unknown,
  path: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw invalid(path, `not one of ${choices.join(', ')}`);
  return choice;
}

/** A whole number from `min` to 2^53 - 1. */
export function readInteger(value: unknown, path: string, min: number = Number.MIN_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || Number(value) < min) {
    const what = typeof value === 'number' ? String(value) : kindOf(value);
    throw invalid(
      path,
      `${what} where a whole number ${min > Number.MIN_SAFE_INTEGER ? `from ${min} ` : ''}was expected`,
    );
  }
  return Number(value);
}

/** A boolean, or undefined where the key is missing. */
export function readOptionalBoolean(value: unknown, path: string): boolean | undefined {
  if (value !== undefined && typeof value !== 'boolean')
    throw invalid(path, `${kindOf(value)} where a boolean was expected`);
  return value;
}

/** A column of finite numbers, NaN where it holds null; `length` is that of the block's times. */
export function readFloats(value: unknown, path: string, budget: ValueBudget, length?: number): Float64Array {
  const valuesMax = length ?? budget.left;
  // Before anything is unpacked: a few bytes can declare very many values.
  if (valuesMax > budget.left) throw invalid(path, `more than ${batchLimits.values} values in one batch`);
  const bytes = readBytes(value);
  const column = bytes ? unpackColumn(bytes, path, valuesMax) : plainColumn(value, path, valuesMax);
  if (length !== undefined && column.length !== length) {
    throw invalid(path, `${column.length} values for ${length} times`);
  }
  budget.left -= column.length;
  for (let index = 0; index < column.length; index++) {
    if (Math.abs(column[index]!) === Infinity) throw invalid(`${path}[${index}]`, 'an infinite value');
  }
  return column;
}

/** A column of whole numbers from `min`, none of them absent. */
export function readIntegers(
  value: unknown,
  path: string,
  budget: ValueBudget,
  { length, min = Number.MIN_SAFE_INTEGER }: { length?: number | undefined; min?: number } = {},
): Float64Array {
  const column = readFloats(value, path, budget, length);
  for (let index = 0; index < column.length; index++) {
    const entry = column[index]!;
    if (!Number.isSafeInteger(entry) || entry < min) {
      throw invalid(`${path}[${index}]`, `${entry} where a whole number was expected`);
    }
  }
  return column;
}

/** A column of small codes, 0 to `max`; booleans count as 0 and 1 where `max` is 1. */
export function readCodes(
  value: unknown,
  path: string,
  budget: ValueBudget,
  limits: { length: number; max: number },
): Uint8Array {
  const { length, max } = limits;
  const numbers =
    max === 1 && Array.isArray(value)
      ? value.map((flag: unknown) => (typeof flag === 'boolean' ? Number(flag) : flag))
      : value;
  const column = readIntegers(numbers, path, budget, { length, min: 0 });
  const above = column.findIndex((code) => code > max);
  if (above >= 0) throw invalid(`${path}[${above}]`, `the code ${column[above]}, more than ${max}`);
  return Uint8Array.from(column);
}

/** Bytes: a byte string of CBOR, base64url text in JSON; undefined where it is neither. */
export function readBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? bytesFromBase64url(value) : undefined;
}

/** The path of `key` inside `path`; a key that is no plain name is quoted and cut. */
export function join(path: string, key: string): string {
  return `${path}${path ? '.' : ''}${/^[\w/-]{1,130}$/.test(key) ? key : quoted(key)}`;
}

function unpackColumn(bytes: Uint8Array, path: string, valuesMax: number): Float64Array {
  const unpacked = unpackFloats(bytes, { valuesMax });
  if (!unpacked.ok) throw invalid(path, unpacked.refusal.detail);
  return unpacked.value;
}

function plainColumn(value: unknown, path: string, valuesMax: number): Float64Array {
  if (!Array.isArray(value)) throw invalid(path, `${kindOf(value)} where a column was expected`);
  if (value.length > valuesMax) throw invalid(path, `${value.length} values where ${valuesMax} may be`);
  const column = new Float64Array(value.length);
  for (let index = 0; index < value.length; index++) {
    const entry: unknown = value[index];
    if (entry === null) column[index] = NaN;
    else if (typeof entry === 'number' && Number.isFinite(entry)) column[index] = entry;
    else throw invalid(`${path}[${index}]`, `${kindOf(entry)} where a number was expected`);
  }
  return column;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'string') return `the text ${quoted(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'object' ? 'a map' : typeof value;
}

/** At most 40 characters of `text`, with everything escaped that could forge a line of a log. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
