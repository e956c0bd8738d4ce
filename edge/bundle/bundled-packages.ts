import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A package of npm that is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json names it (SPDX); undefined where it names none. */
  readonly licence: string | undefined;
  /** The text of its licence, or at least the name. */
  readonly licenceText: string;
}

/**
 * The npm packages that are in a bundle, in the order of their names. `inputs` are the paths that went in, as the bundler lists
 * them, relative to `root`. Rejects where a package gives neither a file with its licence nor the name of one.
 */
export async function bundledPackages(inputs: readonly string[], root: string): Promise<BundledPackage[]> {
  const folders = new Set(inputs.flatMap((path) => packageFolder(path) ?? []));
  const found = await Promise.all([...folders].map((folder) => packageIn(resolve(root, folder))));
  return found.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

/** The licences of packages, one after another: what has to go with them. */
export function licenceNotices(packages: readonly BundledPackage[]): string {
  return packages
    .map(({ name, version, licence, licenceText }) => {
      return `=== ${name} ${version} (${licence ?? 'see below'})\n\n${licenceText.trim()}\n`;
    })
    .join('\n\n');
}

/** `a/node_modules/@scope/name/lib/x.js` lies in `a/node_modules/@scope/name`. */
function packageFolder(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

async function packageIn(folder: string): Promise<BundledPackage> {
  const about = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const file = (await readdir(folder)).find((name) => /^(licen[cs]e|copying)/i.test(name));
  const text = file === undefined ? about.license : await readFile(join(folder, file), 'utf8');
  if (text === undefined) throw new RangeError(`${about.name} does not say under which licence it stands`);
  const { name, version, license: licence } = about;
  return { name, version, licence, licenceText: text };
}

function idOf({ name, version }: BundledPackage): string {
  return `${name}@${version}`;
}
