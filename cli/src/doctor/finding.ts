/** What one check found, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly state: 'good' | 'warning' | 'bad';
  /** What is the case. */
  readonly found: string;
  /** What to do; empty where nothing is to be done. */
  readonly remedy: string;
}

/** All is well. */
export function good(check: string, found: string): Finding {
  return { check, state: 'good', found, remedy: '' };
}

/** Works, but somebody should know. */
export function warning(check: string, found: string, remedy: string): Finding {
  return { check, state: 'warning', found, remedy };
}

/** Does not work as it is. */
export function bad(check: string, found: string, remedy: string): Finding {
  return { check, state: 'bad', found, remedy };
}
