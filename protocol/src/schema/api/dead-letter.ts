import { Type } from 'typebox';
import { TimeUs } from '../names.ts';

/** What was refused, with its reason. */
export const DeadLetter = Type.Object({
  id: Type.Integer(),
  /** When it was refused first. */
  atUs: TimeUs,
  /** When the same payload was refused last for the same reason. */
  lastAtUs: TimeUs,
  device: Type.String(),
  topic: Type.String(),
  code: Type.String(),
  detail: Type.String(),
  /** Size of the payload as it came. */
  sizeBytes: Type.Integer(),
  /** How often the same payload was refused for this reason. */
  count: Type.Integer(),
  /** Whether the payload is kept whole and can be given to ingest again. */
  isReplayable: Type.Boolean(),
  /** Its first bytes, base64url. */
  payload: Type.String(),
});
export type DeadLetter = Type.Static<typeof DeadLetter>;

/** `GET /api/v1/dead-letters`: the newest first. */
export const DeadLettersAnswer = Type.Object({
  deadLetters: Type.Array(DeadLetter),
  /** Pass as `before` for the next page; null on the last one. */
  next: Type.Union([Type.Integer(), Type.Null()]),
});
export type DeadLettersAnswer = Type.Static<typeof DeadLettersAnswer>;

/**
 * `POST /api/v1/dead-letters/{id}/replay`: what became of the message this time. `refused`: the letter stays, under
 * the reason that holds now; else it is gone.
 */
export const ReplayAnswer = Type.Object({
  id: Type.Integer(),
  outcome: Type.Union([Type.Literal('stored'), Type.Literal('duplicate'), Type.Literal('refused')]),
  code: Type.Union([Type.String(), Type.Null()]),
  detail: Type.String(),
});
export type ReplayAnswer = Type.Static<typeof ReplayAnswer>;

/** `POST /api/v1/dead-letters/{id}/discard`: the letter that is gone. */
export const DiscardAnswer = Type.Object({ id: Type.Integer() });
export type DiscardAnswer = Type.Static<typeof DiscardAnswer>;
