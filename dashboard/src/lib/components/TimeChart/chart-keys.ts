import type { TimeView } from '../../state/time-view.svelte.ts';
import type { TimeChart } from './time-chart.svelte.ts';

/** How much a key zooms, and by how much of its length it moves the axis. */
const zoomStep = 1.5;
const panStep = 0.2;

/** Drawn points that a page key moves the cursor by. */
const pagePoints = 20;

/** The keys of a chart that has the focus; true where the key was one of them. */
export function chartKey(event: KeyboardEvent, chart: TimeChart, view: TimeView): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const actions: Record<string, () => void> = {
    ArrowLeft: () => (event.shiftKey ? view.pan(-panStep) : chart.moveCursor(-1)),
    ArrowRight: () => (event.shiftKey ? view.pan(panStep) : chart.moveCursor(1)),
    PageUp: () => chart.moveCursor(-pagePoints),
    PageDown: () => chart.moveCursor(pagePoints),
    Home: () => chart.moveCursor(-Infinity),
    End: () => chart.moveCursor(Infinity),
    '+': () => view.zoom(1 / zoomStep, view.cursorUs),
    '=': () => view.zoom(1 / zoomStep, view.cursorUs),
    '-': () => view.zoom(zoomStep, view.cursorUs),
    ' ': () => view.toggle(),
    Escape: () => chart.clearCursor(),
  };
  const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
  action?.();
  return action !== undefined;
}
