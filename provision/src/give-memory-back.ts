import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

let collect: Collect | undefined;

/**
 * Collects all garbage now, and gives the memory of the young generation back, which grows with what is loaded
 * and does not shrink by itself: without it a command that writes a card ends 40 MB higher. Takes 30 to 80 ms.
 */
export function giveMemoryBack(): void {
  collect ??= exposedCollect();
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** V8 shows its collector to contexts that are made once the flag is set. */
function exposedCollect(): Collect {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  return typeof found === 'function' ? (found as Collect) : () => undefined;
}
