import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const rounds = 20;
const turnsPerRound = 100;

/**
 * Bytes that V8 has moved among its old objects while `turn` was called two thousand times, with a collection of young garbage
 * after every hundred: of turns that leave nothing behind hardly any. Before it counts, all that `turn` stands on is made old, as it is in a
 * process that was quiet for a while.
 */
export async function promotedBytes(turn: () => void | Promise<void>): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this Node.js cannot be asked to collect garbage');
  const round = async (): Promise<void> => {
    for (let count = 0; count < turnsPerRound; count++) await turn();
    collect({ type: 'minor' });
  };
  await round();
  for (let count = 0; count < 3; count++) collect({ type: 'minor' });
  const before = oldBytes();
  for (let count = 0; count < rounds; count++) await round();
  return oldBytes() - before;
}

function oldBytes(): number {
  return (
    getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? NaN
  );
}
