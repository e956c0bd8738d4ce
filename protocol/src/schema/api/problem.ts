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
