import { Type, type Static } from 'typebox';

/** Roles of people and of their tokens, the least first: each may do all that those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;

/**
 * What somebody may do at the gateway. `viewer` reads; `operator` also changes configuration, acknowledges
 * alerts, sends commands and replays; `admin` also manages devices, users and tokens.
 */
export const Role = Type.Unsafe<(typeof roles)[number]>(
  Type.Union(
    roles.map((role) => Type.Literal(role)),
    { description: 'What they may do: read; change what runs; manage devices, users and tokens' },
  ),
);
export type Role = Static<typeof Role>;

/** Whether a role includes what another one may do. */
export function includesRole(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed);
}
