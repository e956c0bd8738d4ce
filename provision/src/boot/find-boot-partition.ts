import { FieldlineError } from '@fieldline/protocol';
import { getPartitions, type GetPartitionsResult } from 'partitioninfo';
import type { BlockTarget } from '../target/block-target.ts';
import { BootPartition } from './boot-partition.ts';
import type { Partition } from './fat-disk.ts';

/** FAT types of MBR partitions: 6, 0b, 0c, 0e, and ef for EFI. */
const fatTypes = new Set([0x06, 0x0b, 0x0c, 0x0e, 0xef]);
/** GPT types that hold FAT: EFI system, Microsoft basic data. */
const fatGuids = new Set(['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7']);

/**
 * Bytes from the beginning of the image to the end of what its device may boot from: its FAT partitions. The
 * beginning of `target` must be written. Throws PROVISION_IMAGE_DAMAGED where there is no partition table.
 */
export async function bootAreaBytes(target: BlockTarget): Promise<number> {
  const ends = fatPartitions(await readTable(target.path)).map((each) => each.offsetBytes + each.sizeBytes);
  return Math.max(0, ...ends);
}

/**
 * Mounts the first FAT partition of the written image: what the firmware boots from. Throws
 * PROVISION_IMAGE_DAMAGED where there is no partition table, PROVISION_BOOT_PARTITION_MISSING where none of the
 * partitions is FAT.
 */
export async function findBootPartition(target: BlockTarget): Promise<BootPartition> {
  for (const partition of fatPartitions(await readTable(target.path))) {
    if (partition.offsetBytes + partition.sizeBytes > target.sizeBytes) {
      const detail = 'Its partition table tells of more than there is.';
      throw new FieldlineError('PROVISION_IMAGE_DAMAGED', { subject: target.path, detail });
    }
    const mounted = await BootPartition.mount(target, partition);
    if (mounted) return mounted;
  }
  throw new FieldlineError('PROVISION_BOOT_PARTITION_MISSING', { subject: target.path });
}

async function readTable(path: string): Promise<GetPartitionsResult> {
  try {
    return await getPartitions(path, { includeExtended: false });
  } catch (cause) {
    const detail = 'It has no partition table.';
    throw new FieldlineError('PROVISION_IMAGE_DAMAGED', { subject: path, detail, cause });
  }
}

function fatPartitions(table: GetPartitionsResult): Partition[] {
  const found =
    table.type === 'mbr'
      ? table.partitions.filter(({ type }) => fatTypes.has(type))
      : table.partitions.filter(({ type }) => fatGuids.has(type.toUpperCase()));
  return found.map(({ offset, size }) => ({ offsetBytes: offset, sizeBytes: size }));
}
