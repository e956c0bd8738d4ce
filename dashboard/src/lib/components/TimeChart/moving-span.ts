import type { TimeSpan } from '../../series/time-span.ts';
import type { TimeView } from '../../state/time-view.svelte.ts';
import { moveStepUs } from './move-step.ts';

/** The ends of a page's time axis on a plot of `plotPx` CSS pixels: while it lives it moves in whole pixels. */
export function movingSpan(view: TimeView, nowUs: number, plotPx: number): TimeSpan {
  if (view.frozen) return view.spanAt(nowUs);
  const stepUs = moveStepUs(view.lengthUs / plotPx);
  return view.spanAt(Math.floor(nowUs / stepUs) * stepUs);
}
