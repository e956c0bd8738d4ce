import * as FatFs from 'js-fatfs';
import type { BlockTarget } from '../target/block-target.ts';

/** Bytes of a sector: what FAT file systems on disks use, and what every kernel takes. */
export const sectorBytes = 512;

/** A partition of the target, in bytes. */
export interface Partition {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The partition as FatFs asks for it: sectors read and written through the target. */
export function fatDisk(target: BlockTarget, partition: Partition): FatFs.DiskIO & { failure: unknown } {
  const disk = {
    failure: undefined as unknown,
    initialize: () => 0,
    status: () => 0,
    read: (ff: FatFs.FatFs, _drive: number, buffer: number, sector: number, count: number) =>
      guarded(() => target.readInto(sectorsOf(ff, buffer, count), placeOf(sector))),
    write: (ff: FatFs.FatFs, _drive: number, buffer: number, sector: number, count: number) =>
      guarded(() => target.patch(sectorsOf(ff, buffer, count), placeOf(sector))),
    ioctl: (ff: FatFs.FatFs, _drive: number, command: number, buffer: number) => answer(ff, command, buffer),
  };
  const placeOf = (sector: number) => partition.offsetBytes + sector * sectorBytes;
  /** FatFs knows numbers only: the error is kept for who called it. */
  const guarded = (work: () => void): number => {
    try {
      work();
      return FatFs.RES_OK;
    } catch (error) {
      disk.failure ??= error;
      return FatFs.RES_ERROR;
    }
  };
  const answer = (ff: FatFs.FatFs, command: number, buffer: number): number => {
    if (command === FatFs.GET_SECTOR_COUNT) ff.setValue(buffer, partition.sizeBytes / sectorBytes, 'i32');
    else if (command === FatFs.GET_SECTOR_SIZE) ff.setValue(buffer, sectorBytes, 'i16');
    else if (command === FatFs.GET_BLOCK_SIZE) ff.setValue(buffer, 1, 'i32');
    else if (command !== FatFs.CTRL_SYNC) return FatFs.RES_PARERR;
    return FatFs.RES_OK;
  };
  return disk;
}

function sectorsOf(ff: FatFs.FatFs, buffer: number, count: number): Uint8Array {
  return ff.HEAPU8.subarray(buffer, buffer + count * sectorBytes);
}
