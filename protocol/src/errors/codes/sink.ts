import { defineErrors } from './define.ts';

/** Errors of the sink stage: numbers 6000 to 6499. */
export const sinkErrors = defineErrors({});
