import { parseNumber } from './parse-number.ts';

/**
 * The part of a JSON document at a path of keys and indexes: `main.temp`, `list.0.value`; a key that holds a dot is
 * reached by a JSON pointer (RFC 6901): `/main.temp/0`. Undefined where there is nothing.
 */
export function valueAtPath(document: unknown, path: string): unknown {
  let value = document;
  for (const key of pathKeys(path)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/**
 * A measured value: a number, a text that is one, true and false as 1 and 0. `null` is a reading without a value,
 * hence not a number. Undefined where there is no value.
 */
export function toMeasurement(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null) return Number.NaN;
  return typeof value === 'string' ? parseNumber(value) : undefined;
}

/** The JSON document of a text; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pathKeys(path: string): string[] {
  if (!path.startsWith('/')) return path.split('.');
  const keys = path.slice(1).split('/');
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}
