import { expect, test } from 'vitest';
import { differences } from './config-difference.ts';

const running = {
  device: 'a-1',
  dataDir: './data',
  gateway: { url: 'mqtt://h' },
  flush: '1s',
  sensors: [
    { id: 'air', driver: 'thermometer', window: '5s' },
    { id: 'soil', driver: 'thermometer' },
  ],
};

test('sensors are matched by id, whatever their order, and what stays with the device is no difference', () => {
  const wanted = {
    flush: '1s',
    sensors: [
      { id: 'soil', driver: 'thermometer' },
      { id: 'air', driver: 'thermometer', window: '2s' },
    ],
  };
  expect(differences(running, wanted)).toEqual([{ path: 'sensors.air.window', from: '5s', to: '2s' }]);
});

test('what is added or taken away is named', () => {
  const wanted = { ...running, keepalive: '5s', sensors: [running.sensors[0]] };
  expect(differences(running, wanted)).toEqual([
    { path: 'sensors.soil', from: { id: 'soil', driver: 'thermometer' }, to: undefined },
    { path: 'keepalive', from: undefined, to: '5s' },
  ]);
  expect(differences(running, running)).toEqual([]);
});
