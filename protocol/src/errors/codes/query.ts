import { defineErrors } from './define.ts';

/** Errors of the query stage: numbers 7000 to 7499. */
export const queryErrors = defineErrors({});
