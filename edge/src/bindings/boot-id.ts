import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';

/** Names this run of the machine: the kernel's boot id, or a random one where there is none. */
export function readBootId(path = '/proc/sys/kernel/random/boot_id'): string {
  try {
    return readFileSync(path, 'utf8').trim().slice(0, 64);
  } catch {
    return randomUUID();
  }
}
