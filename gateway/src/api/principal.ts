import { includesRole, type Role } from '@fieldline/protocol';

/** Who may call a route: everybody, or those whose role includes the named one. */
export type Access = 'open' | Role;

/**
 * Who is behind a request. `name` is what the audit log says: a user's name, `token:NAME`, `admin.token`, or
 * `anonymous` for a request that names nobody.
 */
export interface Principal {
  readonly name: string;
  /** Undefined: nothing but what is open to everybody. */
  readonly role: Role | undefined;
  readonly via: 'nobody' | 'admin-token' | 'session' | 'token';
}

/** Whether this principal may call a route of this access. */
export function mayCall({ role }: Pick<Principal, 'role'>, access: Access): boolean {
  return access === 'open' || (role !== undefined && includesRole(role, access));
}
