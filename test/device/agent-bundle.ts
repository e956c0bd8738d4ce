import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const addon = '@serialport+bindings-cpp.glibc.node';
const prebuilt = 'node_modules/@serialport/bindings-cpp/prebuilds';

/** The addon of serialport for a platform such as `linux-x64`: its place beside the bundle, and its bytes. */
export function serialAddon(platform: string): { readonly path: string; readonly bytes: Buffer } {
  const bytes = readFileSync(join(root, prebuilt, platform, addon));
  return { path: join('prebuilds', platform, addon), bytes };
}

/**
 * Bundles a program that runs an agent into one CommonJS file, `lib/agent.cjs` in `folder`, with the serial
 * addon where node-gyp-build looks for it: in `prebuilds` beside `lib`. `entry` is a path from the root.
 * Answers the path of the file.
 */
export async function bundleAgent(folder: string, entry: string): Promise<string> {
  const outfile = join(folder, 'lib/agent.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minify: true,
    keepNames: true,
    logLevel: 'error',
  });
  const { path } = serialAddon('linux-x64');
  mkdirSync(join(folder, path, '..'), { recursive: true });
  copyFileSync(join(root, prebuilt, 'linux-x64', addon), join(folder, path));
  return outfile;
}
