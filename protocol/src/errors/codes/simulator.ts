import { defineErrors } from './define.ts';

/** Errors of the simulator stage: numbers 8000 to 8499. */
export const simulatorErrors = defineErrors({});
