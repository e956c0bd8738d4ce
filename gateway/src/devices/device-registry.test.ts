import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDatabase } from '../testing/temporary-database.ts';
import { DeviceRegistry } from './device-registry.ts';

let database: DatabaseSync;
let remove: () => void;
let nowUs: number;
let registry: DeviceRegistry;
beforeEach(async () => {
  ({ database, remove } = temporaryDatabase());
  nowUs = 1e15;
  registry = new DeviceRegistry(database, { clock: { nowUs: () => nowUs }, devicesMax: 10 });
  await registry.create('a');
});
afterEach(() => remove());

function changes(): number {
  return Number(database.prepare('SELECT total_changes() AS changes').get()?.['changes']);
}

test('sessions that open and close are told at once, and written by the next flush', () => {
  const told: boolean[] = [];
  registry.onChange(({ online }) => told.push(online));
  const before = changes();
  nowUs += 7;
  for (const online of [true, true, false, true]) registry.setOnline('a', online);
  expect(told).toEqual([true, false, true]);
  expect(changes()).toBe(before);
  registry.flush();
  expect(changes()).toBe(before + 1);
  const again = new DeviceRegistry(database, { clock: { nowUs: () => 0 }, devicesMax: 10 });
  expect(again.get('a')).toMatchObject({ online: false, lastSeenUs: nowUs });
});
