import { join } from 'node:path';
import type { DiskSteps } from '../bindings/disk-steps.ts';
import { stateFile, stateText, type UpdateState } from './update-state.ts';

/** Replaces the state of the updates: durable once it resolves; a power cut leaves the one before or this one. */
export async function writeState(directory: string, state: UpdateState, disk: DiskSteps): Promise<void> {
  const path = join(directory, stateFile);
  await disk.makeFolder(directory);
  await disk.write(`${path}.agent`, Buffer.from(stateText(state)));
  await disk.sync(`${path}.agent`);
  await disk.rename(`${path}.agent`, path);
  await disk.sync(directory);
}
