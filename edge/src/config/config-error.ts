import { FieldlineError, type ErrorCode } from '@fieldline/protocol';
import type { ConfigProblem } from './config-problem.ts';

/** A configuration that cannot be used, with everything that is wrong in it. */
export class ConfigError extends FieldlineError {
  readonly problems: readonly ConfigProblem[];

  constructor(
    code: ErrorCode,
    about: { readonly subject: string; readonly detail: string; readonly problems: readonly ConfigProblem[] },
  ) {
    super(code, { subject: about.subject, detail: about.detail });
    this.problems = about.problems;
  }
}
