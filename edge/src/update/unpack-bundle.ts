import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { accepted, refused, type Result, type UpdateManifest } from '@fieldline/protocol';
import { extract } from 'tar-stream';
import type { DiskSteps } from '../bindings/disk-steps.ts';

/** The program in a bundle. */
export const programPath = 'lib/agent.cjs';
/** What the archive holds beside its files, at most, in bytes: headers and padding of some dozens of them. */
const archiveFrameBytesMax = 128 * 1024;
/** Nothing but the program and the addons beside it: relative, without `..`, nothing hidden. */
const pathPattern = /^(lib|prebuilds)(\/[@\w+-][@\w.+-]*){1,4}$/;

const unzip = promisify(gunzip);

/** SHA-256 of a file, hexadecimal. Rejects with the error of the file system. */
export async function sha256Of(path: string, disk: DiskSteps): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of disk.read(path) as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * Unpacks a bundle (a gzipped tar archive) into an empty folder, each file durable, and answers the SHA-256 of
 * its program. Nothing is written before all of it is judged. Refused as UPDATE_DAMAGED where it holds anything else
 * than the manifest allows; rejects with the error of the file system.
 */
export async function unpackBundle(
  path: string,
  folder: string,
  { disk, manifest }: { readonly disk: DiskSteps; readonly manifest: UpdateManifest },
): Promise<Result<string>> {
  const packed = await contentOf(disk.read(path));
  const read = await filesOf(packed, manifest).catch((error: unknown) => damaged(String(error)));
  if (!read.ok) return read;
  const files = read.value;
  const program = files.get(programPath);
  const sizeBytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  const foreign = [...files.keys()].find((name) => !pathPattern.test(name));
  if (foreign !== undefined) return damaged(`it holds ${foreign}`);
  if (!program || sizeBytes !== manifest.unpackedBytes) return damaged('it holds other files than it says');
  const folders = new Set([folder]);
  for (const [name, content] of files) {
    await putFile(disk, join(folder, name), content);
    for (let at = dirname(join(folder, name)); at !== folder; at = dirname(at)) folders.add(at);
  }
  for (const each of folders) await disk.sync(each);
  return accepted(createHash('sha256').update(program).digest('hex'));
}

/** The files of an archive; rejects where it cannot be read, or is larger than its manifest says. */
async function filesOf(
  packed: Buffer,
  { unpackedBytes }: UpdateManifest,
): Promise<Result<Map<string, Buffer>>> {
  const maxOutputLength = unpackedBytes + archiveFrameBytesMax;
  const archive = await unzip(packed, { maxOutputLength });
  const files = new Map<string, Buffer>();
  const entries = extract();
  return new Promise((resolve, reject) => {
    entries.on('entry', ({ name, type }, content, next) => {
      const parts: Uint8Array[] = [];
      content.on('data', (part) => {
        if (part instanceof Uint8Array) parts.push(part);
      });
      content.on('error', reject);
      content.on('end', () => {
        // A link or a device is no file of a bundle: by this name it is none that is allowed.
        if (type !== 'directory')
          files.set(type === 'file' ? name.replace(/^\.\//, '') : '', Buffer.concat(parts));
        next();
      });
    });
    entries.on('error', reject);
    entries.on('finish', () => resolve(accepted(files)));
    entries.end(archive);
  });
}

async function putFile(disk: DiskSteps, path: string, content: Uint8Array): Promise<void> {
  await disk.makeFolder(dirname(path));
  await disk.write(path, content);
  await disk.sync(path);
}

async function contentOf(file: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of file) parts.push(part);
  return Buffer.concat(parts);
}

function damaged(what: string): Result<never> {
  return refused('UPDATE_DAMAGED', `${what}.`);
}
