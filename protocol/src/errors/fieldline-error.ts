import { errorEntry, type ErrorCode } from './registry.ts';

/**
 * The one base class of thrown errors. Thrown errors are start-up errors and bugs; failures that belong to
 * normal life are values (see `Refusal`).
 *
 * `message` reads: what is concerned, what happened, what to do. `code` is stable; `cause` is kept.
 */
export class FieldlineError extends Error {
  override readonly name = 'FieldlineError';
  readonly code: ErrorCode;
  /** The thing concerned: a path, a port, a topic, a key. */
  readonly subject: string;
  /** What exactly was found, where the title alone does not tell; empty otherwise. */
  readonly detail: string;
  readonly remedy: string;

  constructor(code: ErrorCode, about: { subject: string; detail?: string; cause?: unknown }) {
    const { title, remedy } = errorEntry(code);
    const detail = about.detail ?? '';
    super([`${about.subject}: ${title}`, detail, remedy, `[${code}]`].filter(Boolean).join(' '), {
      cause: about.cause,
    });
    this.code = code;
    this.subject = about.subject;
    this.detail = detail;
    this.remedy = remedy;
  }
}
