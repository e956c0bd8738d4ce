import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = dirname(dirname(import.meta.dirname));

/** The export `name` of a module of the repository, or undefined while there is no such module or export. */
export async function optionalExport(path: string, name: string): Promise<unknown> {
  const file = join(root, path);
  if (!existsSync(file)) return undefined;
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const found = module[name];
  return typeof found === 'function' && found.length === 0 ? (found as () => unknown)() : found;
}
