/** A configuration: a mapping of keys, as YAML or JSON holds it. */
export type Config = Readonly<Record<string, unknown>>;

/** Keys from the root to a value; a member of a list whose members all have an `id` is named by it. */
export type KeyPath = readonly string[];

/** One value that differs; undefined where a side does not have it. */
export interface Difference {
  readonly path: KeyPath;
  readonly from: unknown;
  readonly to: unknown;
  /** How many keys of the path lead to a member of a list: that list is never made anew, as a mapping. 0 by default. */
  readonly inLists?: number;
}

/** What both sides changed, each in its own way. */
export interface Conflict {
  readonly path: KeyPath;
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
}

/** A path as people read it: `sensors.air.window`. */
export function showPath(path: KeyPath): string {
  return path.join('.');
}

/** What changes from one configuration to another, value by value, in the order of the keys. */
export function differences(from: unknown, to: unknown): Difference[] {
  return compare(from, to, { path: [], inLists: 0 });
}

function compare(from: unknown, to: unknown, at: { path: KeyPath; inLists: number }): Difference[] {
  if (isEqual(from, to)) return [];
  const [before, after] = [membersOf(from), membersOf(to)];
  if (!before || !after || Array.isArray(from) !== Array.isArray(to)) return [{ ...at, from, to }];
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys.flatMap((key) => {
    const path = [...at.path, key];
    const inLists = Array.isArray(from) ? path.length : at.inLists;
    return compare(before.get(key), after.get(key), { path, inLists });
  });
}

/**
 * The configuration with these differences in it. A difference whose place is not there (another device may lack
 * the sensor) changes nothing and is given back in `misplaced`.
 */
export function withDifferences(
  config: Config,
  wanted: readonly Difference[],
): { readonly config: Config; readonly misplaced: readonly Difference[] } {
  const misplaced: Difference[] = [];
  let changed: unknown = config;
  for (const each of wanted) {
    const next = put(changed, each, 0);
    if (next === undefined) misplaced.push(each);
    else changed = next.value;
  }
  return { config: isConfig(changed) ? changed : config, misplaced };
}

/**
 * Joins two changes of one configuration. What only one side changed is taken from it; what both changed to the
 * same is taken; the rest is a conflict, and `merged` holds `mine` there.
 */
export function mergeThreeWays(
  base: Config,
  mine: Config,
  theirs: Config,
): { readonly merged: Config; readonly conflicts: readonly Conflict[] } {
  const own = differences(base, mine);
  const theirsChanged = differences(base, theirs);
  const conflicts = own.flatMap((each): Conflict[] => {
    const against = theirsChanged.filter((other) => overlap(each.path, other.path));
    const same = against.some(
      (other) => other.path.length === each.path.length && isEqual(other.to, each.to),
    );
    if (against.length === 0 || same) return [];
    const path = against.reduce(
      (short, other) => (other.path.length < short.length ? other.path : short),
      each.path,
    );
    return [{ path, base: valueAt(base, path), mine: valueAt(mine, path), theirs: valueAt(theirs, path) }];
  });
  const distinct = [...new Map(conflicts.map((each) => [showPath(each.path), each])).values()];
  return { merged: withDifferences(theirs, own).config, conflicts: distinct };
}

/** The value at a path; undefined where there is none. */
export function valueAt(config: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, key) => membersOf(value)?.get(key), config);
}

/** True where two values are the same for YAML: keys in any order. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)];
  if (keysA.length !== keysB.length) return false;
  return keysA.every((key) => Object.hasOwn(b, key) && isEqual(Reflect.get(a, key), Reflect.get(b, key)));
}

/** True for a mapping of keys. */
export function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object's members by key; a list's by the ids of its members, undefined where they have none. */
function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (isConfig(value)) return new Map(Object.entries(value));
  if (!Array.isArray(value)) return undefined;
  const members = new Map<string, unknown>();
  for (const each of value as unknown[]) {
    if (!isConfig(each) || typeof each['id'] !== 'string' || members.has(each['id'])) return undefined;
    members.set(each['id'], each);
  }
  return members;
}

/** A copy with the difference in it, from the `depth`-th key of its path on; undefined where it has no place. */
function put(value: unknown, difference: Difference, depth: number): { value: unknown } | undefined {
  const { path, to, inLists = 0 } = difference;
  const key = path[depth];
  if (key === undefined) return { value: to };
  const members = membersOf(value);
  if (!members) return undefined;
  const rest = path.slice(depth + 1);
  const isList = Array.isArray(value);
  if (rest.length > 0 && !members.has(key))
    return isList || to === undefined || depth < inLists ? undefined : putNew(members, key, rest, to);
  const inner = put(members.get(key), difference, depth + 1);
  if (!inner) return undefined;
  if (inner.value === undefined) members.delete(key);
  else members.set(key, inner.value);
  return { value: isList ? [...members.values()] : Object.fromEntries(members) };
}

/** Keys that lie within an absent mapping bring it with them. */
function putNew(members: Map<string, unknown>, key: string, rest: KeyPath, to: unknown): { value: unknown } {
  const made = rest.reduceRight<unknown>((inner, each) => ({ [each]: inner }), to);
  return { value: Object.fromEntries(members.set(key, made)) };
}

function overlap(a: KeyPath, b: KeyPath): boolean {
  const shared = Math.min(a.length, b.length);
  return a.slice(0, shared).every((key, index) => key === b[index]);
}
