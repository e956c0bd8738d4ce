import { isDeepStrictEqual } from 'node:util';

/** One key that differs; undefined where a side does not have it. */
export interface Difference {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Keys that stay with the device where a configuration leaves them out. */
const localKeys = ['device', 'dataDir', 'gateway'];

/** What changes from one configuration to another, key by key; sensors are matched by their id. */
export function differences(from: unknown, to: unknown): Difference[] {
  const before = asKeys(from) ?? {};
  const after = asKeys(to) ?? {};
  const kept = localKeys.filter((key) => !Object.hasOwn(after, key) && Object.hasOwn(before, key));
  return compare('', before, { ...after, ...Object.fromEntries(kept.map((key) => [key, before[key]])) });
}

function compare(path: string, from: unknown, to: unknown): Difference[] {
  if (isDeepStrictEqual(from, to)) return [];
  const before = asKeys(from);
  const after = asKeys(to);
  if (before === undefined || after === undefined) return [{ path, from, to }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => compare(path ? `${path}.${key}` : key, before[key], after[key]));
}

/** An object's keys; of a list whose members all have an id, those ids. */
function asKeys(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value));
  const named: Record<string, unknown> = {};
  for (const each of value as unknown[]) {
    const id = idOf(each);
    if (id === undefined) return undefined;
    named[id] = each;
  }
  return named;
}

function idOf(value: unknown): string | undefined {
  const id: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'id') : undefined;
  return typeof id === 'string' ? id : undefined;
}
