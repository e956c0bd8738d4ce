import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AddonPlatform } from '@fieldline/edge/bundle';
import {
  agentPackages,
  agentTree,
  builtPackage,
  nodeRuntime,
  packedTree,
  type BundledAgent,
  type DebianArch,
} from '@fieldline/provision';
import { cliVersion } from '../version.ts';

/** The architectures that bundles are made for. */
export const archs = ['arm64', 'armhf', 'amd64'] as const satisfies readonly DebianArch[];

const addonPlatforms: Readonly<Record<DebianArch, AddonPlatform>> = {
  arm64: 'linux-arm64',
  armhf: 'linux-arm',
  amd64: 'linux-x64',
};
const sampleConfig = fileURLToPath(new URL('../../../edge/config/agent.yaml', import.meta.url));

/** A file of a bundle as it was written. */
export interface BundleFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** What a bundle is written from. */
export interface BundleOptions {
  readonly arch: DebianArch;
  readonly folder: string;
  /** Whether both packages are written as one `.tar.zst` too, for systems without dpkg. */
  readonly withArchive: boolean;
  readonly onStep: (step: string) => void;
}

/**
 * Writes the agent for an architecture into a folder: two Debian packages, in the order of their installation.
 * Throws PROVISION_RUNTIME_MISSING where the registry cannot be reached and the runtime is not in the user's
 * cache.
 */
export async function buildPackages(options: BundleOptions): Promise<BundleFile[]> {
  const { arch, folder, withArchive, onStep } = options;
  onStep('Bundling the agent');
  const agent = await bundledAgent(arch);
  onStep('Fetching the runtime');
  const runtime = await nodeRuntime(arch, join(cacheHome(), 'fieldline', 'runtime'));
  onStep('Packing');
  const packages = agentPackages(arch, { runtime, agent });
  const built: { name: string; content: Uint8Array }[] = await Promise.all(packages.map(builtPackage));
  if (withArchive) {
    const name = `fieldline-agent_${agent.version}_linux-${arch}.tar.zst`;
    built.push({ name, content: await packedTree(agentTree(packages)) });
  }
  await mkdir(folder, { recursive: true });
  return Promise.all(
    built.map(async ({ name, content }) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return { path, sizeBytes: content.length };
    }),
  );
}

/** The agent for an architecture, reporting `version`; that of this program where left out. */
export async function bundledAgent(arch: DebianArch, version?: string): Promise<BundledAgent> {
  // Loaded here: the bundler is needed by this command alone.
  const { billOfMaterials, bundleAgent, licenceNotices } = await import('@fieldline/edge/bundle');
  const folder = await mkdtemp(join(tmpdir(), 'fieldline-bundle-'));
  try {
    const bundle = await bundleAgent({
      folder,
      platforms: [addonPlatforms[arch]],
      ...(version !== undefined && { version }),
    });
    const product = { name: 'fieldline-agent', version: version ?? cliVersion };
    const program = await readFile(bundle.program);
    return {
      version: product.version,
      program,
      launcher: await readFile(bundle.launcher),
      addons: await Promise.all(
        bundle.addons.map(async (path) => ({ path: relative(folder, path), content: await readFile(path) })),
      ),
      unit: await readFile(bundle.unit),
      sampleConfig: await readFile(sampleConfig),
      notices: licenceNotices(bundle.packages),
      billOfMaterials: billOfMaterials(
        product,
        bundle.packages,
        createHash('sha256').update(program).digest('hex'),
      ),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Where packages are kept that a command makes for itself. */
export function packageCache(arch: DebianArch): string {
  return join(cacheHome(), 'fieldline', 'packages', arch);
}

/** XDG Base Directory Specification 0.8. */
function cacheHome(): string {
  return process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
}
