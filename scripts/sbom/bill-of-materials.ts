import { billOfMaterials } from '../../edge/bundle/bill-of-materials.ts';
import { lockedPackages } from './locked-packages.ts';

/** The document for the text of a package-lock.json: every package that ships, with licence, digest and URL. */
export function billOfLockFile(lockText: string): string {
  const { root, shipped } = lockedPackages(lockText);
  return billOfMaterials(root, shipped, lockText);
}
