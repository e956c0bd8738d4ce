import { licenceOf } from '../tidy/packages.ts';

/** One package as the lock file pins it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
  /** `sha512-…`, base64. */
  readonly integrity: string | undefined;
  /** Where it is fetched. */
  readonly resolved: string | undefined;
}

/** What a lock file (version 3) pins: the product itself, everything, and what is not for development alone. */
export interface LockedPackages {
  readonly root: { readonly name: string; readonly version: string };
  readonly all: readonly LockedPackage[];
  readonly shipped: readonly LockedPackage[];
}

/** Reads a package-lock.json, by name and version. Throws SyntaxError where it is none. */
export function lockedPackages(lockText: string): LockedPackages {
  const lock: unknown = JSON.parse(lockText);
  const packages = isRecord(lock) && isRecord(lock['packages']) ? lock['packages'] : undefined;
  if (!packages) throw new SyntaxError('This is no package-lock.json of version 3.');
  const root = isRecord(packages['']) ? packages[''] : {};
  const entries = Object.entries(packages).flatMap(([path, entry]) => {
    const name = path.split('node_modules/').at(-1) ?? '';
    if (!path.includes('node_modules/') || !isRecord(entry) || entry['link'] === true) return [];
    return [{ found: toPackage(name, entry), isForDevelopment: entry['dev'] === true }];
  });
  const byName = (a: LockedPackage, b: LockedPackage) =>
    `${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1;
  return {
    root: { name: String(root['name']), version: String(root['version']) },
    all: entries.map(({ found }) => found).toSorted(byName),
    shipped: entries
      .filter(({ isForDevelopment }) => !isForDevelopment)
      .map(({ found }) => found)
      .toSorted(byName),
  };
}

function toPackage(name: string, entry: Record<string, unknown>): LockedPackage {
  return {
    name,
    version: String(entry['version']),
    licence: textOr(entry['license']) ?? licenceOf[`node_modules/${name}`],
    integrity: textOr(entry['integrity']),
    resolved: textOr(entry['resolved']),
  };
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
