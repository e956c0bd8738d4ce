import { debianPackage, type DebianArch, type DebianPackage } from './debian-package.ts';
import type { NodeRuntime } from './node-runtime.ts';
import type { ArchiveFile } from './tar-archive.ts';

/** The agent as it was bundled, for one architecture. */
export interface BundledAgent {
  readonly version: string;
  /** The one file of the program. */
  readonly program: Uint8Array;
  /** What starts it, and goes back from an update that fails. */
  readonly launcher: Uint8Array;
  /** serialport's addon: its path below the bundle's folder, and its bytes. */
  readonly addons: readonly { readonly path: string; readonly content: Uint8Array }[];
  /** The systemd unit. */
  readonly unit: Uint8Array;
  /** The commented sample of a configuration. */
  readonly sampleConfig: Uint8Array;
  /** Licences of everything in the program. */
  readonly notices: string;
  /** What the program is made of: CycloneDX JSON. */
  readonly billOfMaterials: string;
}

const home = 'usr/lib/fieldline';
const serviceName = 'fieldline-agent.service';

/** Libraries of the system that each runtime is linked with (Node.js BUILDING.md; armv7 needs libatomic). */
const runtimeDepends: Readonly<Record<DebianArch, readonly string[]>> = {
  arm64: ['libc6 (>= 2.28)', 'libstdc++6', 'libgcc-s1'],
  armhf: ['libc6 (>= 2.28)', 'libstdc++6', 'libgcc-s1', 'libatomic1'],
  amd64: ['libc6 (>= 2.28)', 'libstdc++6', 'libgcc-s1'],
};

/**
 * The two packages of a device: the runtime, large and rarely new, and the agent, so small that an update of it
 * goes over any network. In the order of their installation.
 */
export function agentPackages(
  arch: DebianArch,
  parts: { readonly runtime: NodeRuntime; readonly agent: BundledAgent },
): readonly [DebianPackage, DebianPackage] {
  return [runtimePackage(arch, parts.runtime), agentPackage(arch, parts.agent)];
}

/** Files of both packages as one tree, for systems without dpkg. */
export function agentTree(packages: readonly DebianPackage[]): ArchiveFile[] {
  return packages.flatMap(({ files }) => files);
}

/** Builds a package's file, with the name that Debian's tools expect. */
export async function builtPackage(about: DebianPackage): Promise<{ name: string; content: Buffer }> {
  return { name: `${about.name}_${about.version}_${about.arch}.deb`, content: await debianPackage(about) };
}

function runtimePackage(arch: DebianArch, { version, program, licence }: NodeRuntime): DebianPackage {
  return {
    name: 'fieldline-runtime',
    version,
    arch,
    depends: runtimeDepends[arch],
    description: ['Node.js for the Fieldline agent', 'Used by the agent alone: no node appears in the PATH.'],
    files: [
      { path: `${home}/bin/node`, content: program, isExecutable: true },
      { path: 'usr/share/doc/fieldline-runtime/copyright', content: licence },
    ],
    scripts: {},
  };
}

function agentPackage(arch: DebianArch, agent: BundledAgent): DebianPackage {
  const docs = 'usr/share/doc/fieldline-agent';
  return {
    name: 'fieldline-agent',
    version: agent.version,
    arch,
    depends: ['fieldline-runtime (>= 20)'],
    description: [
      'Fieldline agent: reads sensors, forgets nothing, publishes',
      'Samples, cleans and aggregates on the device, survives power cuts, dead networks and',
      'wrong clocks, and delivers every reading to a Fieldline gateway.',
    ],
    files: [
      { path: `${home}/lib/agent.cjs`, content: agent.program },
      { path: `${home}/lib/launcher.cjs`, content: agent.launcher },
      ...agent.addons.map(({ path, content }) => ({ path: `${home}/${path}`, content })),
      { path: `usr/lib/systemd/system/${serviceName}`, content: agent.unit },
      { path: `${docs}/examples/agent.yaml`, content: agent.sampleConfig },
      { path: `${docs}/copyright`, content: Buffer.from(agent.notices, 'utf8') },
      { path: `${docs}/bom.cdx.json`, content: Buffer.from(agent.billOfMaterials, 'utf8') },
    ],
    scripts: { postinst, prerm, postrm },
  };
}

/**
 * A new version takes over at once where the old one ran; a first installation waits for its configuration. An agent that
 * does not start, for a reason that the journal tells, leaves no half-installed package.
 */
const postinst = `#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  [ -z "$2" ] || systemctl try-restart ${serviceName} || true
fi
`;

const prerm = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now ${serviceName}
fi
`;

/** Readings that were not delivered are somebody's: only a purge deletes them. */
const postrm = `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
if [ "$1" = purge ]; then
  rm -rf /etc/fieldline /etc/systemd/system/${serviceName}.d /var/lib/private/fieldline
  rm -f /var/lib/fieldline
fi
`;
