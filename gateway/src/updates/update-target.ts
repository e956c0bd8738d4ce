import { createHash } from 'node:crypto';
import type { UpdateTarget } from '@fieldline/protocol';
import type { DeviceRecord } from '../devices/device-record.ts';

/** Whether an offer of `version` is for a device: everything that its target names must hold. */
export function isFor(
  { devices, tag, percent }: UpdateTarget,
  version: string,
  { id, tags, revoked }: Pick<DeviceRecord, 'id' | 'tags' | 'revoked'>,
): boolean {
  if (revoked) return false;
  if (devices && !devices.includes(id)) return false;
  if (tag && tags[tag.name] !== tag.value) return false;
  return percent === undefined || placeOf(version, id) < percent;
}

/** Where a device stands among a hundred, for this version: always the same, and another one for the next version. */
function placeOf(version: string, device: string): number {
  const digest = createHash('sha256').update(`${version}\n${device}`).digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * 100;
}
