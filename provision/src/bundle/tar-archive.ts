import { pack } from 'tar-stream';

/** A file of an archive. */
export interface ArchiveFile {
  /** Relative, with `/`, without `./`. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly isExecutable?: boolean;
}

/**
 * A tar archive (ustar) of `files` with the folders above them, owned by root, all of one time, in the order of
 * their names: the same files give the same bytes.
 */
export async function tarArchive(files: readonly ArchiveFile[], modifiedS: number): Promise<Buffer> {
  const archive = pack();
  const owned = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(modifiedS * 1000) };
  for (const folder of foldersOf(files))
    archive.entry({ ...owned, name: `./${folder}/`, type: 'directory', mode: 0o755 });
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, content, isExecutable } of sorted) {
    const mode = isExecutable === true ? 0o755 : 0o644;
    archive.entry({ ...owned, name: `./${path}`, mode, size: content.length }, Buffer.from(content));
  }
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

/** Every folder above the files, parents first. */
function foldersOf(files: readonly ArchiveFile[]): string[] {
  const folders = new Set<string>();
  for (const { path } of files) {
    const names = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) folders.add(names.slice(0, depth).join('/'));
  }
  return [...folders].sort();
}
