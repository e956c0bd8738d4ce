import { join } from 'node:path';
import { accepted, type Result, type UpdateManifest } from '@fieldline/protocol';
import type { DiskSteps } from '../bindings/disk-steps.ts';
import type { Slot, UpdateState } from './update-state.ts';
import { unpackBundle } from './unpack-bundle.ts';

/** The folders below that of the updates. */
export const updateFolders = { versions: 'versions', downloads: 'downloads' } as const;

/**
 * Puts a version beside the others: under its name only once all of it is durable. Refused as UPDATE_DAMAGED; rejects
 * with the error of the file system. Doing it again puts the same there.
 */
export async function installBundle(
  path: string,
  about: {
    readonly directory: string;
    readonly manifest: UpdateManifest;
    readonly packagedVersion: string;
    readonly disk: DiskSteps;
  },
): Promise<Result<Slot>> {
  const { directory, manifest, packagedVersion, disk } = about;
  const folder = folderOf(manifest);
  const versions = join(directory, updateFolders.versions);
  const unpacking = join(versions, `${folder}.new`);
  await disk.remove(unpacking);
  await disk.makeFolder(unpacking);
  const unpacked = await unpackBundle(path, unpacking, { disk, manifest });
  if (!unpacked.ok) {
    await disk.remove(unpacking);
    return unpacked;
  }
  await disk.remove(join(versions, folder));
  await disk.rename(unpacking, join(versions, folder));
  await disk.sync(versions);
  return accepted({
    version: manifest.version,
    folder,
    programSha256: unpacked.value,
    packagedVersion,
  });
}

/** The name of a version's folder. */
export function folderOf({ version, sha256 }: UpdateManifest): string {
  return `${version}-${sha256.slice(0, 16)}`;
}

/** Removes what neither runs nor is tried, and downloads of other bundles. */
export async function sweep(
  directory: string,
  keep: { readonly state: UpdateState; readonly manifest: UpdateManifest; readonly disk: DiskSteps },
): Promise<void> {
  const { state, manifest, disk } = keep;
  const wanted = [state.running?.folder, state.trial?.folder, `${manifest.sha256}.part`];
  for (const name of Object.values(updateFolders)) {
    const folder = join(directory, name);
    const stale = (await disk.list(folder)).filter((each) => !wanted.includes(each));
    for (const each of stale) await disk.remove(join(folder, each));
  }
}
