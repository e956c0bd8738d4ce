import { defineErrors } from './define.ts';

/** Errors of the source stage: numbers 2000 to 2499. */
export const sourceErrors = defineErrors({});
