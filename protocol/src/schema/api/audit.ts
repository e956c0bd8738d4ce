import { Type, type Static } from 'typebox';
import { TimeUs } from '../names.ts';

/** One change: who made it, when, from where. Secrets are never in it. */
export const AuditEntry = Type.Object({
  id: Type.Integer(),
  atUs: TimeUs,
  /** A user's name, `token:NAME`, `device:ID`, `admin.token`, or `setup` for the one-time link. */
  actor: Type.String(),
  /** The address that the request came from. */
  address: Type.String(),
  /** Method and route, such as `POST /api/v1/devices`; or a word for what is no request. */
  action: Type.String(),
  /** What was changed: a device, a user, a token; empty where the action says it all. */
  subject: Type.String(),
});
export type AuditEntry = Static<typeof AuditEntry>;

/** `GET /api/v1/audit`: the newest first; `before` of the next page is the last `id` of this one. */
export const AuditAnswer = Type.Object({ entries: Type.Array(AuditEntry) });
export type AuditAnswer = Static<typeof AuditAnswer>;
