import { defineErrors } from './define.ts';

export const apiErrors = defineErrors({
  PLANTED_ERROR: { number: 1, title: 'Outside its range.', remedy: 'None.' },
});
