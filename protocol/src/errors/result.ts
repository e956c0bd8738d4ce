import type { ErrorCode } from './registry.ts';

/** Why something can never be accepted: a value, not an exception, since bad input belongs to normal life. */
export interface Refusal {
  readonly code: ErrorCode;
  /** What was found and where, for a person: `sensors[2].fields.temperature.v: 3 values for 4 times`. */
  readonly detail: string;
}

/** The outcome of decoding or validating something that a peer sent. */
export type Result<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal };

/** An accepted value. */
export function accepted<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

/** A refused one, with its reason. */
export function refused(code: ErrorCode, detail: string): Result<never> {
  return { ok: false, refusal: { code, detail } };
}
