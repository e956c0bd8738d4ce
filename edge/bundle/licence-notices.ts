import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/**
 * The licences of every npm package that is in a bundle, one after another: what has to go with it. `inputs` are
 * the paths that went in, as the bundler lists them, relative to `root`. Rejects where a package gives neither
 * a file with its licence nor the name of one.
 */
export async function licenceNotices(inputs: readonly string[], root: string): Promise<string> {
  const folders = new Set(inputs.flatMap((path) => packageFolder(path) ?? []));
  const notices = await Promise.all([...folders].map((folder) => noticeOf(resolve(root, folder))));
  return notices.sort().join('\n\n');
}

/** `a/node_modules/@scope/name/lib/x.js` lies in `a/node_modules/@scope/name`. */
function packageFolder(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

async function noticeOf(folder: string): Promise<string> {
  const about = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const file = (await readdir(folder)).find((name) => /^(licen[cs]e|copying)/i.test(name));
  const text = file === undefined ? about.license : await readFile(join(folder, file), 'utf8');
  if (text === undefined) throw new RangeError(`${about.name} does not say under which licence it stands`);
  return `=== ${about.name} ${about.version} (${about.license ?? 'see below'})\n\n${text.trim()}\n`;
}
