import { Type, type TOptional } from 'typebox';
import type { Block, Counts } from './transform.ts';

/** Quality codes of the `q` column. */
export const qualityCodes = { good: 0, uncertain: 1, bad: 2 } as const;

/** What may be done with a reading that a stage finds fault with. */
export type Action = 'drop' | 'uncertain' | 'bad';

const actions = Type.Union([Type.Literal('drop'), Type.Literal('uncertain'), Type.Literal('bad')]);

/** The key by which a stage is told what to do with a reading that it finds fault with. */
export function actionKey(fallback: Action): TOptional<typeof actions> {
  const description = '`drop` the reading, or let it go on with quality `uncertain` or `bad`';
  return Type.Optional({ ...actions, default: fallback, description });
}

/** Lessens the quality of one reading; it never gets better again. */
export function lessenQuality(block: Block, row: number, code: number): void {
  const { q } = block;
  if (q !== undefined && q[row]! < code) q[row] = code;
}

/** Does with one reading what is to be done; `countFaults` then accounts for all of a block at once. */
export function applyAction(block: Block, row: number, action: Action): void {
  if (action === 'drop') block.v[row] = Number.NaN;
  else lessenQuality(block, row, qualityCodes[action]);
}

/** Counts the faults of a block, as dropped or as marked. */
export function countFaults(counts: Counts, action: Action, reason: string, count: number): void {
  if (count === 0) return;
  if (action === 'drop') counts.drop(reason, count);
  else counts.mark(reason, count);
}
