import type { WindowsField } from '../schema/index.ts';

/** The columns that every window of every quantity has, in the order in which they are written. */
export const windowColumns = [
  'count',
  'sum',
  'min',
  'max',
  'first',
  'last',
  'm2',
] as const satisfies readonly Exclude<keyof WindowsField, 'unit' | 'sketch'>[];
