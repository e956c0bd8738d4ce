import { defineErrors } from './define.ts';

/** Errors of the api stage: numbers 7500 to 7999. */
export const apiErrors = defineErrors({});
