import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const throttle = '/sys/fs/cgroup/blkio/blkio.throttle';
const filesystemReserve = 1.4;

/** Why no medium can be slowed down here; undefined where one can. */
export function noSlowMedium(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may set up a loop device';
  if (!existsSync(`${throttle}.write_bps_device`))
    return 'no blkio controller (cgroup v1) slows devices here';
  return undefined;
}

/**
 * Runs `work` with a folder on a medium that takes and gives `bytesPerSec` at most, and has room for `roomBytes`: an ext4
 * file system on a loop device that the kernel slows down. Removes all of it afterwards. Only where `noSlowMedium` is undefined.
 */
export async function onSlowMedium<Value>(
  about: { readonly folder: string; readonly bytesPerSec: number; readonly roomBytes: number },
  work: (folder: string) => Promise<Value>,
): Promise<Value> {
  const backing = join(about.folder, 'medium');
  const mounted = join(about.folder, 'mounted');
  writeFileSync(backing, '');
  truncateSync(backing, Math.ceil(about.roomBytes * filesystemReserve));
  mkdirSync(mounted);
  run('mkfs.ext4', '-q', '-F', backing);
  const device = run('losetup', '--find', '--show', backing).trim();
  try {
    run('mount', device, mounted);
    limit(device, about.bytesPerSec);
    return await work(mounted);
  } finally {
    limit(device, 0);
    run('umount', mounted);
    run('losetup', '--detach', device);
    rmSync(backing);
  }
}

/** Bytes a second of a block device; 0: as fast as it is. */
function limit(device: string, bytesPerSec: number): void {
  const number = readFileSync(`/sys/block/${basename(device)}/dev`, 'utf8').trim();
  for (const way of ['read', 'write'])
    writeFileSync(`${throttle}.${way}_bps_device`, `${number} ${bytesPerSec}`);
}

function run(program: string, ...words: string[]): string {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  return execFileSync(program, words, { encoding: 'utf8', env: { ...process.env, PATH: path } });
}
