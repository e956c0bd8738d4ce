import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A kernel that can be booted, with modules that can be loaded. */
export interface Kernel {
  /** The compressed image. */
  readonly imagePath: string;
  /** Reads a module, decompressed; throws where the kernel does not have it. */
  module(name: string): Buffer;
}

/** No module is larger, decompressed. */
const moduleMaxBytes = 2 ** 26;

/** Where `fetch-kernel.sh` puts Debian's package. */
export function kernelFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['FIELDLINE_KERNEL_DIR'] ?? join(cache, 'fieldline/kernel');
}

/** The path of the kernel's package; undefined where it has not been downloaded. */
export function findKernelPackage(folder = kernelFolder()): string | undefined {
  if (!existsSync(folder)) return undefined;
  const found = readdirSync(folder).filter((name) => /^linux-image-.*\.deb$/.test(name));
  const newest = found.sort().at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}

/**
 * Unpacks the image and the modules of these names (without `.ko`) from a package into a folder beside it,
 * once. The package is read, not installed.
 */
export function unpackKernel(packagePath: string, modules: readonly string[]): Kernel {
  const key = createHash('sha256').update(modules.join()).digest('hex').slice(0, 12);
  const into = packagePath.replace(/\.deb$/, `-${key}`);
  if (!existsSync(into)) {
    const partly = `${into}.${process.pid}`;
    unpackInto(partly, packagePath, modules);
    renameSync(partly, into);
  }
  const files = readdirSync(into, { recursive: true, encoding: 'utf8' }).map((name) => join(into, name));
  const find = (pattern: RegExp): string => {
    const path = files.find((each) => pattern.test(each));
    if (path === undefined) throw new Error(`${packagePath} has no file like ${pattern.source}`);
    return path;
  };
  return {
    imagePath: find(/\/vmlinuz-/),
    module: (name) => decompressed(find(new RegExp(`/${name}\\.ko(\\.xz|\\.zst)?$`))),
  };
}

function unpackInto(folder: string, packagePath: string, modules: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const patterns = ['./boot/vmlinuz-*', ...modules.map((name) => `*/${name}.ko*`)];
  const tar = ['-x', '-C', folder, '--strip-components=1', '--wildcards', ...patterns];
  const archive = ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar "$@"', packagePath, ...tar];
  execFileSync('sh', archive, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function decompressed(path: string): Buffer {
  if (path.endsWith('.ko')) return readFileSync(path);
  return execFileSync(path.endsWith('.xz') ? 'xz' : 'zstd', ['-dc', path], { maxBuffer: moduleMaxBytes });
}
