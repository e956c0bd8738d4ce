import { includesRole, type Role, type Scope } from '@fieldline/protocol';
import type { Principal } from '../access/access.ts';

/** Who may call a route: everybody, or those whose role includes the named one. */
export type RouteAccess = 'open' | Role;

/** Whether this principal may call a route of this access; `scope` names what a token may be given for it alone. */
export function mayCall(
  { role, scopes }: Pick<Principal, 'role' | 'scopes'>,
  { access, scope }: { readonly access: RouteAccess; readonly scope?: Scope },
): boolean {
  if (access === 'open' || (role !== undefined && includesRole(role, access))) return true;
  return scope !== undefined && scopes.includes(scope);
}
