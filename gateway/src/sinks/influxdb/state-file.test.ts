import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StateFile } from './state-file.ts';

const state = { version: 1, offset: 3, covered: {}, tags: {}, rolled: {} } as const;
const logger = { error: (): never => expect.unreachable('nothing is damaged') };

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-state-file-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('a state is read as it was written, and is gone once it is removed', async () => {
  const file = new StateFile(join(await folder(), 'sinks', 'influxdb.json'));
  expect(file.read(logger)).toBeUndefined();
  await file.remove();
  await file.write(state);
  await file.settle();
  expect(file.read(logger)).toEqual(state);
  await file.remove();
  expect(file.read(logger)).toBeUndefined();
});

test.skipIf(process.platform === 'win32')('a folder that cannot be made durable is said', async () => {
  const directory = await folder();
  const file = new StateFile(join(directory, 'influxdb.json'));
  await file.write(state);
  await rm(directory, { recursive: true });
  await expect(file.settle()).rejects.toMatchObject({ code: 'INFLUX_STATE_UNUSABLE' });
});
