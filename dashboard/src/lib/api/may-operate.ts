import type { Role } from '@fieldline/protocol';

/** Whether somebody may change what runs: acknowledge, silence, write rules, replay. The gateway has the last word. */
export function mayOperate(role: Role | null | undefined): boolean {
  return role === 'operator' || role === 'admin';
}
