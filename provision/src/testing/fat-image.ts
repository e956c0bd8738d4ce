import { open } from 'node:fs/promises';
import * as FatFs from 'js-fatfs';

/** Where the boot partition of a test image begins, as on Raspberry Pi OS. */
export const bootOffsetBytes = 4 * 1024 * 1024;

/** What a test image holds. */
export interface FatImage {
  readonly path: string;
  /** Of the FAT partition. */
  readonly partitionBytes: number;
  /** Of random-looking data behind it, in place of a root file system. */
  readonly restBytes: number;
  readonly files: Readonly<Record<string, string>>;
}

/** Writes a disk with an MBR, a FAT partition with `files`, and a second partition of other data. */
export async function writeFatImage({ path, partitionBytes, restBytes, files }: FatImage): Promise<void> {
  const fat = await fatFileSystem(partitionBytes, files);
  const handle = await open(path, 'w');
  const restAt = bootOffsetBytes + partitionBytes;
  await handle.write(mbr(partitionBytes, restBytes), 0, 512, 0);
  await handle.write(fat, 0, fat.length, bootOffsetBytes);
  const rest = Buffer.alloc(restBytes);
  for (let at = 0; at + 4 <= restBytes; at += 4)
    rest.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  await handle.write(rest, 0, restBytes, restAt);
  await handle.close();
}

function mbr(partitionBytes: number, restBytes: number): Buffer {
  const sector = Buffer.alloc(512);
  const entry = (index: number, type: number, place: { at: number; bytes: number }) => {
    const offset = 446 + index * 16;
    sector.writeUInt8(type, offset + 4);
    sector.writeUInt32LE(place.at / 512, offset + 8);
    sector.writeUInt32LE(place.bytes / 512, offset + 12);
  };
  entry(0, 0x0c, { at: bootOffsetBytes, bytes: partitionBytes });
  entry(1, 0x83, { at: bootOffsetBytes + partitionBytes, bytes: restBytes });
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

async function fatFileSystem(bytes: number, files: Readonly<Record<string, string>>): Promise<Buffer> {
  const memory = Buffer.alloc(bytes);
  const ff = await FatFs.create({
    diskio: {
      initialize: () => 0,
      status: () => 0,
      read: (own, _drive, buffer, sector, count) => {
        own.HEAPU8.set(memory.subarray(sector * 512, (sector + count) * 512), buffer);
        return FatFs.RES_OK;
      },
      write: (own, _drive, buffer, sector, count) => {
        memory.set(own.HEAPU8.subarray(buffer, buffer + count * 512), sector * 512);
        return FatFs.RES_OK;
      },
      ioctl: (own, _drive, command, buffer) => {
        if (command === FatFs.GET_SECTOR_COUNT) own.setValue(buffer, bytes / 512, 'i32');
        if (command === FatFs.GET_SECTOR_SIZE) own.setValue(buffer, 512, 'i16');
        if (command === FatFs.GET_BLOCK_SIZE) own.setValue(buffer, 1, 'i32');
        return FatFs.RES_OK;
      },
    },
  });
  const work = ff.malloc(64 * 1024);
  const options = { fmt: FatFs.FM_FAT32 | FatFs.FM_SFD, n_fat: 2, align: 0, n_root: 0, au_size: 512 };
  check(ff.f_mkfs('', options, work, 64 * 1024));
  check(ff.f_mount(ff.malloc(FatFs.sizeof_FATFS), '', 1));
  for (const [name, text] of Object.entries(files)) writeFile(ff, name, Buffer.from(text));
  check(ff.f_unmount(''));
  return memory;
}

function writeFile(ff: FatFs.FatFs, name: string, content: Buffer): void {
  const file = ff.malloc(FatFs.sizeof_FIL);
  const buffer = ff.malloc(content.length + 1);
  check(ff.f_open(file, name, FatFs.FA_WRITE | FatFs.FA_CREATE_ALWAYS));
  ff.HEAPU8.set(content, buffer);
  check(ff.f_write(file, buffer, content.length, ff.malloc(4)));
  check(ff.f_close(file));
}

function check(result: number): void {
  if (result !== FatFs.FR_OK) throw new Error(`FatFs answers ${result}`);
}
