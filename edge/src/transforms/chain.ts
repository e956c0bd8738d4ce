import { nonFinite } from './non-finite.ts';
import type { DropCounter, Transform } from './transform.ts';

/** The transforms of one stream, in order. The configuration of later ones hooks in here. */
export function transformChain(configured: readonly Transform[] = []): readonly Transform[] {
  return [nonFinite, ...configured];
}

/** Runs a block through a chain, in place. */
export function applyChain(
  chain: readonly Transform[],
  t: Float64Array,
  v: Float64Array,
  drop: DropCounter,
): void {
  for (const transform of chain) transform.apply(t, v, drop);
}
