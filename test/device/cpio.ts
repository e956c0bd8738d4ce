/** One entry of an archive: a folder without bytes, or a file. */
export interface CpioEntry {
  /** Without a leading slash. */
  readonly path: string;
  /** File type and permissions, such as 0o100755. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const folderMode = 0o040755;

/**
 * Packs an initramfs: the kernel's "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst),
 * with every folder that the paths need before its files.
 */
export function packCpio(files: readonly CpioEntry[]): Buffer {
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)));
  const entries = [
    ...[...folders].sort().map((path) => ({ path, mode: folderMode, bytes: new Uint8Array() })),
    ...files,
    { path: 'TRAILER!!!', mode: 0, bytes: new Uint8Array() },
  ];
  return Buffer.concat(entries.flatMap((entry, index) => packEntry(entry, index + 1)));
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

function packEntry({ path, mode, bytes }: CpioEntry, inode: number): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const [owner, group, links, modified] = [0, 0, 1, 0];
  const numbers = [inode, mode, owner, group, links, modified, bytes.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`;
  const head = Buffer.concat([Buffer.from(header), name]);
  return [padded(head), padded(bytes)];
}

/** Every part of an archive ends at a multiple of four bytes. */
function padded(bytes: Uint8Array): Uint8Array {
  const more = (4 - (bytes.length % 4)) % 4;
  return more === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(more)]);
}
