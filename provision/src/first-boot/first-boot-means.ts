import type { BootPartition } from '../boot/boot-partition.ts';

/**
 * By what a system takes its settings at the first boot: cloud-init's NoCloud files in the boot partition
 * (Raspberry Pi OS from Trixie on, many others), or a script that `systemd.run=` in `cmdline.txt` starts
 * (Raspberry Pi OS before).
 */
export type FirstBootMeans =
  | { readonly kind: 'cloud-init'; readonly userData: string; readonly cmdline: string | undefined }
  | { readonly kind: 'firstrun'; readonly cmdline: string; readonly bootFolder: '/boot' | '/boot/firmware' };

/** From this reference date on Raspberry Pi OS mounts its boot partition at `/boot/firmware` (Bookworm). */
const firmwareFolderSince = '2023-10-10';

/** The means that this boot partition shows; undefined where it shows none. Found by looking, not by names. */
export function firstBootMeans(boot: Pick<BootPartition, 'has' | 'readText'>): FirstBootMeans | undefined {
  const cmdline = boot.readText('cmdline.txt');
  const hasNoCloud = boot.has('user-data') || boot.has('meta-data') || /\bds=nocloud\b/.test(cmdline ?? '');
  if (hasNoCloud) return { kind: 'cloud-init', userData: boot.readText('user-data') ?? '', cmdline };
  if (cmdline === undefined) return undefined;
  return { kind: 'firstrun', cmdline, bootFolder: bootFolderOf(boot.readText('issue.txt')) };
}

function bootFolderOf(issue: string | undefined): '/boot' | '/boot/firmware' {
  const date = /Raspberry Pi reference (\d{4}-\d{2}-\d{2})/.exec(issue ?? '')?.[1];
  return date !== undefined && date < firmwareFolderSince ? '/boot' : '/boot/firmware';
}
