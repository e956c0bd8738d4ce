/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Values that are read of one document, and how deep they may stand. */
const leavesMax = 256;
const depthMax = 8;

/** What stands at a path of keys between points; undefined where nothing does. Only own keys count. */
export function readPath(document: JsonValue, path: string): JsonValue | undefined {
  let at: JsonValue | undefined = document;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Array.isArray(at) ? at[Number(key)] : at[key];
  }
  return at;
}

/** Every value that holds no others, with its path, keys joined by `-`; beyond the limits the rest is left out. */
export function leavesOf(document: JsonValue): { readonly path: string; readonly leaf: JsonValue }[] {
  const leaves: { path: string; leaf: JsonValue }[] = [];
  const visit = (value: JsonValue, keys: readonly string[]): void => {
    if (leaves.length >= leavesMax) return;
    if (typeof value !== 'object' || value === null) leaves.push({ path: keys.join('-'), leaf: value });
    else if (keys.length < depthMax)
      for (const [key, each] of Object.entries(value)) visit(each, [...keys, key]);
  };
  visit(document, []);
  return leaves;
}
