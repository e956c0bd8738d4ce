import { defineErrors } from './define.ts';

/** Errors of the broker stage: numbers 5000 to 5499. */
export const brokerErrors = defineErrors({});
