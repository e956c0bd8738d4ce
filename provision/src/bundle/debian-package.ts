import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { arArchive } from './ar-archive.ts';
import { tarArchive, type ArchiveFile } from './tar-archive.ts';

/** The architectures that a bundle is made for, by Debian's names. */
export type DebianArch = 'arm64' | 'armhf' | 'amd64';

/** What a Debian package says of itself and does. */
export interface DebianPackage {
  readonly name: string;
  /** Upstream version and, after a hyphen, the package's own. */
  readonly version: string;
  readonly arch: DebianArch;
  readonly depends: readonly string[];
  /** One line, then lines of a longer text. */
  readonly description: readonly [string, ...string[]];
  readonly files: readonly ArchiveFile[];
  /** Shell scripts by their names in deb-postinst(5) and its kin. */
  readonly scripts: Readonly<Partial<Record<'preinst' | 'postinst' | 'prerm' | 'postrm', string>>>;
}

/** The fixed time of everything in a package, in seconds since 1970: dpkg warns of times before 1980. */
export const packageTimeS = Date.UTC(2020, 0, 1) / 1000;

const compress = promisify(zstdCompress);

/**
 * Builds the `.deb` file (deb(5), deb-control(5)): an archive of the format's version, the control files and the
 * files, packed by Zstandard, which dpkg reads from 1.21.18 (Debian 12, Raspberry Pi OS Bookworm) on. The same
 * input gives the same bytes.
 */
export async function debianPackage(about: DebianPackage): Promise<Buffer> {
  const scripts = Object.entries(about.scripts).map(([path, text]) => textOf(path, text, true));
  const control = [textOf('control', controlOf(about)), textOf('md5sums', md5sums(about.files)), ...scripts];
  const members = await Promise.all([control, about.files].map(packedTree));
  const names = ['control.tar.zst', 'data.tar.zst'];
  return arArchive(
    [
      { name: 'debian-binary', content: Buffer.from('2.0\n') },
      ...members.map((content, index) => ({ name: names[index] ?? '', content })),
    ],
    packageTimeS,
  );
}

/** A tree of files as one archive, packed as the data of a package are: the same files give the same bytes. */
export async function packedTree(files: readonly ArchiveFile[]): Promise<Buffer> {
  return packed(await tarArchive(files, packageTimeS));
}

function packed(archive: Buffer): Promise<Buffer> {
  return compress(archive, { params: { [constants.ZSTD_c_compressionLevel]: 9 } });
}

function textOf(path: string, text: string, isExecutable = false): ArchiveFile {
  return { path, content: Buffer.from(text, 'utf8'), isExecutable };
}

function controlOf({ name, version, arch, depends, description, files }: DebianPackage): string {
  const [summary, ...lines] = description;
  const sizeBytes = files.reduce((sum, { content }) => sum + content.length, 0);
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${arch}`,
    'Maintainer: Fieldline <fieldline@localhost>',
    `Installed-Size: ${Math.ceil(sizeBytes / 1024)}`,
    ...(depends.length > 0 ? [`Depends: ${depends.join(', ')}`] : []),
    'Section: net',
    'Priority: optional',
    `Description: ${summary}`,
    ...lines.map((line) => ` ${line}`),
    '',
  ].join('\n');
}

/** What `dpkg --verify` compares with. */
function md5sums(files: readonly ArchiveFile[]): string {
  return files
    .map(({ path, content }) => `${createHash('md5').update(content).digest('hex')}  ${path}\n`)
    .sort()
    .join('');
}
