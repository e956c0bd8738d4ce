import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
export { billOfMaterials } from './bill-of-materials.ts';
export { licenceNotices } from './bundled-packages.ts';
import { bundledPackages, type BundledPackage } from './bundled-packages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('agent-program.ts', import.meta.url));
const launcher = fileURLToPath(new URL('launcher-program.ts', import.meta.url));
const noSocks = fileURLToPath(new URL('no-socks.ts', import.meta.url));
const unit = fileURLToPath(new URL('../systemd/fieldline-agent.service', import.meta.url));
const require = createRequire(import.meta.url);

/** The oldest Node that the bundle runs on: armv7 gets no newer one from npm. */
const target = 'node20';

/**
 * Packages that only browsers, proxies or old Nodes need. Each costs memory on a device: its text, its code,
 * its objects.
 */
const alias: Readonly<Record<string, string>> = {
  'readable-stream': 'node:stream',
  'worker-timers': 'node:timers',
  socks: noSocks,
};

/** The platforms that serialport ships its addon for, as Node names them. */
export type AddonPlatform = 'linux-x64' | 'linux-arm64' | 'linux-arm';
const addons: Readonly<Record<AddonPlatform, string>> = {
  'linux-x64': '@serialport+bindings-cpp.glibc.node',
  'linux-arm64': '@serialport+bindings-cpp.armv8.glibc.node',
  'linux-arm': '@serialport+bindings-cpp.armv7.glibc.node',
};

/** What a bundle is made of. */
export interface BundleOptions {
  /** `lib/agent.cjs` and `prebuilds/…` are written below it. */
  readonly folder: string;
  readonly platforms: readonly AddonPlatform[];
  /** The version that it reports; that of its sources where left out. */
  readonly version?: string;
}

/** A bundle as it was written; absolute paths. */
export interface AgentBundle {
  /** The agent, one CommonJS file: `node lib/agent.cjs --config FILE`. */
  readonly program: string;
  /** What chooses between the packaged agent and its updates: `node lib/launcher.cjs --config FILE`. */
  readonly launcher: string;
  /** The addons of serialport, where node-gyp-build looks for them: in `prebuilds` beside `lib`. */
  readonly addons: readonly string[];
  /** The systemd unit, in the sources; its flags of V8 belong to the figures of `bench edge-footprint`. */
  readonly unit: string;
  /** The packages of npm that went in, with their licences. */
  readonly packages: readonly BundledPackage[];
}

/**
 * Writes the agent as one file with all that it needs of npm, for Node 20 and newer, its launcher, and serialport's
 * addon for each platform beside them. Rejects with esbuild's error where a source does not compile.
 */
export async function bundleAgent({ folder, platforms, version }: BundleOptions): Promise<AgentBundle> {
  const outdir = join(folder, 'lib');
  const { metafile } = await build({
    entryPoints: [
      { in: program, out: 'agent' },
      { in: launcher, out: 'launcher' },
    ],
    outdir,
    outExtension: { '.js': '.cjs' },
    ...(version !== undefined && { define: { FIELDLINE_AGENT_VERSION: JSON.stringify(version) } }),
    alias,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target,
    minify: true,
    metafile: true,
    absWorkingDir: root,
    logLevel: 'error',
  });
  const written = await Promise.all(platforms.map((platform) => copyAddon(folder, platform)));
  const packages = await bundledPackages(Object.keys(metafile.inputs), root);
  const files = { program: join(outdir, 'agent.cjs'), launcher: join(outdir, 'launcher.cjs') };
  return { ...files, addons: written, unit, packages };
}

async function copyAddon(folder: string, platform: AddonPlatform): Promise<string> {
  const path = join('prebuilds', platform, addons[platform]);
  const bindings = dirname(require.resolve('@serialport/bindings-cpp/package.json'));
  const written = join(folder, path);
  await mkdir(dirname(written), { recursive: true });
  await copyFile(join(bindings, path), written);
  return written;
}
