import { Type } from 'typebox';

/** RFC 9457 problem document; `code` is of the error registry, `type` a link into its reference. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  remedy: Type.String(),
});
export type Problem = Type.Static<typeof Problem>;

/** `GET /api/v1/dead-letters`: the newest first; `payload` is the first bytes, base64url. */
export const DeadLetter = Type.Object({
  id: Type.Integer(),
  atUs: Type.Integer(),
  device: Type.String(),
  topic: Type.String(),
  code: Type.String(),
  detail: Type.String(),
  sizeBytes: Type.Integer(),
  payload: Type.String(),
});
export type DeadLetter = Type.Static<typeof DeadLetter>;
