import { defineErrors } from './define.ts';

/** Errors of the uplink stage: numbers 3500 to 3999. */
export const uplinkErrors = defineErrors({});
