import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FieldlineError } from '@fieldline/protocol';
import { disksOf, lsblkColumns, type Disk } from './disk.ts';

/** The disks of this machine, by lsblk (util-linux 2.37 or newer). Throws PROVISION_DISKS_UNKNOWN. */
export async function listDisks(): Promise<Disk[]> {
  try {
    const { stdout } = await promisify(execFile)('lsblk', [
      '--json',
      '--bytes',
      '--output',
      lsblkColumns.join(','),
    ]);
    return disksOf(JSON.parse(stdout));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new FieldlineError('PROVISION_DISKS_UNKNOWN', { subject: 'lsblk', detail, cause });
  }
}
