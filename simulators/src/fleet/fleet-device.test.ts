import { countReadings, decodeBatch, type Batch } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { seededRandom } from '../random/seeded-random.ts';
import { FleetDevice } from './fleet-device.ts';

const START_US = 1_795_000_000_000_000;

function sealed(device: FleetDevice): Batch {
  const decoded = decodeBatch(device.seal(START_US));
  if (!decoded.ok) throw new Error(decoded.refusal.detail);
  return decoded.value;
}

function fleetDevice(): FleetDevice {
  return new FleetDevice({ id: 'fleet-0001', epoch: 'e1', random: seededRandom(4), nowUs: START_US });
}

test('batches are numbered, decode, and their account adds up', () => {
  const device = fleetDevice();
  for (let index = 0; index < 30; index += 1) device.take(START_US + index * 100_000);
  const first = sealed(device);
  device.take(START_US + 5_000_000);
  const second = sealed(device);
  expect([first.seq, second.seq]).toEqual([1, 2]);
  expect([...countReadings(first)]).toEqual([['air/temperature', 30]]);
  expect(first.sensors[0]).toMatchObject({ kind: 'readings', t: expect.objectContaining({ length: 30 }) });
  expect(second.ledger['air/temperature']).toEqual({
    taken: 31,
    filtered: 0,
    refused: 0,
    lost: 0,
    open: 0,
    batched: 31,
  });
});

test('what finds no room is counted as lost', () => {
  const device = fleetDevice();
  for (let index = 0; index < 10_005; index += 1) device.take(START_US + index);
  expect(device.totals).toEqual({ taken: 10_005, lost: 5 });
  expect(sealed(device).ledger['air/temperature']).toMatchObject({ taken: 10_005, lost: 5, batched: 10_000 });
});
