import { expect, test } from 'vitest';
import { hourUs } from '../rollups/grains.ts';
import { RolledHours } from '../rollups/rolled-hours.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import { notRolledUp } from './influx-retention.ts';

function entry(quantity: string): CatalogEntry {
  const types = new Set(['air']);
  return { device: 'porch', sensor: 'air', quantity, unit: '', type: 'air', window: null, types };
}

test('of streams that are not rolled up, the one that is furthest behind is named', () => {
  const rolled = new RolledHours();
  const entries = ['humidity', 'pressure', 'temperature'].map(entry);
  rolled.advanced('porch/air/humidity', 9 * hourUs, 0);
  rolled.advanced('porch/air/pressure', 3 * hourUs, 0);
  rolled.advanced('porch/air/temperature', 9 * hourUs, 0);
  rolled.touched('porch/air/humidity', 4 * hourUs, 4 * hourUs);
  const pressure = { stream: 'porch/air/pressure', hour: { startUs: 3 * hourUs, isStale: false } };
  expect(notRolledUp(9 * hourUs, { entries, rolled })).toEqual(pressure);
  expect(notRolledUp(3 * hourUs, { entries, rolled })).toBeUndefined();
  expect(notRolledUp(9 * hourUs, { entries: [...entries, entry('wind')], rolled })).toEqual({
    stream: 'porch/air/wind',
    hour: { startUs: undefined, isStale: false },
  });
});
