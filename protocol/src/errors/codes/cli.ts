import { defineErrors } from './define.ts';

/** Errors of the cli stage: numbers 1500 to 1999. */
export const cliErrors = defineErrors({});
