import { defineErrors } from './define.ts';

/** Errors of the outbox stage: numbers 3000 to 3499. */
export const outboxErrors = defineErrors({});
