import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { readJson, replaceJson } from '../bindings/json-file.ts';

const file = 'first-start.json';

/** When an agent started, `atUs` as its clock had it: µs UTC, or since the boot `bootId` while it did not know the time. */
export type Start = Static<typeof Start>;
const Start = Type.Object({ bootId: Type.String(), atUs: Type.Number() });

/**
 * Remembers in `dataDir` the start of an agent that has sealed nothing yet. Answers the one that was remembered before:
 * that run was killed before its first batch, and what it took since then is lost. Rejects with the error of the file system.
 */
export async function noteFirstStart(dataDir: string, start: Start): Promise<Start | undefined> {
  const earlier = await readJson(join(dataDir, file));
  if (Value.Check(Start, earlier)) return earlier;
  await replaceJson(dataDir, file, start);
  return undefined;
}
