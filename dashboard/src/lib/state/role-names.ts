import type { Role, Scope } from '@fieldline/protocol';

/** Roles of people, the least first. */
export const roleNames = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];

/** What a token may be given, the least first. */
export const scopeNames = ['metrics', ...roleNames] as const satisfies readonly Scope[];
