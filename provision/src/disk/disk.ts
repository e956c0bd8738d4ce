import { accepted, refused, type Result } from '@fieldline/protocol';

/** A whole disk as the kernel knows it. */
export interface Disk {
  /** Such as `/dev/sdb`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** What the disk calls itself; empty where it does not. */
  readonly model: string;
  /** A card reader, a USB stick: something that people pull out. */
  readonly isRemovable: boolean;
  readonly isReadOnly: boolean;
  /** Where it, or a part of it, is mounted or used as swap. */
  readonly usedAs: readonly string[];
}

/** Columns that `disksOf` reads: `lsblk --json --bytes --output` with these. */
export const lsblkColumns = ['path', 'size', 'rm', 'ro', 'type', 'hotplug', 'mountpoints', 'model', 'tran'];

/** What stands below a disk (a volume group, an opened LUKS container) is in use even where nothing is mounted. */
const heldTypes = new Set(['lvm', 'crypt', 'raid0', 'raid1', 'raid5', 'raid6', 'raid10', 'mpath']);

/** The disks in the answer of lsblk; loop devices count where they hold something. Unknown shapes give none. */
export function disksOf(answer: unknown): Disk[] {
  return listOf(answer, 'blockdevices').filter(isDisk).map(toDisk);
}

function isDisk(device: Fields): boolean {
  return (device['type'] === 'disk' || device['type'] === 'loop') && Number(device['size']) > 0;
}

function toDisk(device: Fields): Disk {
  return {
    path: textOf(device['path']),
    sizeBytes: Number(device['size']),
    model: textOf(device['model']).trim(),
    isRemovable: device['rm'] === true || device['hotplug'] === true || device['tran'] === 'usb',
    isReadOnly: device['ro'] === true,
    usedAs: usesOf(device),
  };
}

function usesOf(device: Fields): string[] {
  const mounted = Array.isArray(device['mountpoints'])
    ? device['mountpoints'].map(textOf).filter(Boolean)
    : [];
  const held = heldTypes.has(textOf(device['type']))
    ? [`${textOf(device['type'])} ${textOf(device['path'])}`]
    : [];
  return [...mounted, ...held, ...listOf(device, 'children').flatMap(usesOf)];
}

/**
 * Whether an image may be written to `disk`. Refused as PROVISION_TARGET_REFUSED (in use, read-only, not
 * removable) or PROVISION_TARGET_TOO_SMALL. `anyDisk` lets fixed disks through: loop devices in tests, and
 * machines whose card reader does not say that it is one.
 */
export function mayWrite(
  disk: Disk,
  wanted: { readonly imageBytes: number | undefined; readonly anyDisk: boolean },
): Result<Disk> {
  const { usedAs, isReadOnly, isRemovable, sizeBytes } = disk;
  const no = (detail: string) => refused('PROVISION_TARGET_REFUSED', detail);
  if (usedAs.length > 0) return no(`It is in use as ${usedAs.join(', ')}.`);
  if (isReadOnly) return no('It is read-only: look for the small lock on the card or its adapter.');
  if (!isRemovable && !wanted.anyDisk)
    return no('It is no removable disk; --any-disk allows it all the same.');
  if (wanted.imageBytes !== undefined && wanted.imageBytes > sizeBytes)
    return refused(
      'PROVISION_TARGET_TOO_SMALL',
      `It has ${sizeBytes} bytes, the image ${wanted.imageBytes}.`,
    );
  return accepted(disk);
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function listOf(value: unknown, key: string): Fields[] {
  const list = isFields(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter(isFields) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
