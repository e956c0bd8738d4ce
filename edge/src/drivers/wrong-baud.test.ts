import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runDriver } from '../testing/driver-cases.ts';
import { readAtBaud } from '../testing/uart.ts';
import { gnss } from './gnss/gnss.ts';
import { line } from './line/line.ts';
import { thermometer } from './thermometer/thermometer.ts';

const rates = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200];
const wrong = rates.flatMap((sent) => rates.flatMap((read) => (sent === read ? [] : [{ sent, read }])));

const sentences = readFileSync(new URL('./gnss/cases/neo-m8n.log', import.meta.url)).subarray(0, 8000);
const celsius = Buffer.from(
  Array.from({ length: 300 }, (_, at) => `T=${(20 + Math.sin(at)).toFixed(2)} C\r\n`).join(''),
);
const fields = { temperature: { unit: 'Cel' }, humidity: { unit: '%RH' } };
const weather = Buffer.from(
  Array.from({ length: 300 }, (_, at) => `T ${20 + (at % 7)}.5 H ${40 + (at % 9)}\r\n`).join(''),
);

const sensors = [
  { name: 'gnss', driver: gnss, settings: {}, bytes: sentences },
  { name: 'thermometer', driver: thermometer, settings: {}, bytes: celsius },
  {
    name: 'line',
    driver: line,
    settings: { pattern: 'T {temperature} H {humidity}', fields },
    bytes: weather,
  },
];

describe.each(sensors)('$name at the wrong baud rate', ({ driver, settings, bytes }) => {
  it('reads all at the right one', () => {
    const host = runDriver(driver, { port: '/dev/null', ...settings });
    host.feed(readAtBaud(bytes, { sent: 9600, read: 9600 }));
    host.interrupt();
    expect(readAtBaud(bytes, { sent: 9600, read: 9600 }).equals(bytes)).toBe(true);
    expect(host.rows.length).toBeGreaterThan(5);
  });

  it.each(wrong)(
    'sent at $sent and read at $read it gives no reading, and says what it discards',
    (about) => {
      const host = runDriver(driver, { port: '/dev/null', ...settings });
      const garbage = readAtBaud(bytes, about);
      for (let at = 0; at < garbage.length; at += 7) host.feed(garbage.subarray(at, at + 7));
      host.interrupt();
      expect(host.rows).toEqual([]);
      expect(Object.keys(host.discarded).length).toBeGreaterThan(0);
    },
  );
});
