import { defineErrors } from './define.ts';

/** Errors of the journal stage: numbers 4000 to 4499. */
export const journalErrors = defineErrors({});
