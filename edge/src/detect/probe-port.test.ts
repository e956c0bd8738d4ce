import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemTimers } from '../bindings/timers.ts';
import { TestPort } from '../testing/test-port.ts';
import { probePort, type ProbeOutcome } from './probe-port.ts';

let folder: string;
let path: string;
let port: TestPort;
let chatter: NodeJS.Timeout | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-probe-'));
  path = join(folder, 'port');
  port = new TestPort(path);
});
afterEach(() => {
  clearInterval(chatter);
  port.unplug();
  rmSync(folder, { recursive: true });
});

function probe(send?: string): Promise<ProbeOutcome> {
  return probePort({
    path,
    baudRates: [9600],
    waitMs: 1000,
    timers: systemTimers,
    signal: new AbortController().signal,
    ...(send === undefined ? {} : { send: Buffer.from(send) }),
  });
}

it('recognises', async () => {
  let at = 0;
  chatter = setInterval(() => {
    port.write(`T=21.${at++ % 10}C\r\n`);
  }, 50);
  expect(await probe()).toMatchObject({
    state: 'recognised',
    baudRate: 9600,
    recognition: { format: 'thermometer' },
  });
});

it('asks a sensor that says nothing by itself, where that is wanted', async () => {
  let received = '';
  chatter = setInterval(() => {
    received += port.received();
    if (received.includes('READ?')) port.write('21.5\r\n21.5\r\n21.6\r\n21.5\r\n');
  }, 50);
  expect(await probe('READ?\r\n')).toMatchObject({ state: 'recognised' });
  expect(received + port.received()).toBe('READ?\r\n');
});

it('says that a port is silent, without writing to it, and that it is not there', async () => {
  expect(await probe()).toEqual({ state: 'silent' });
  expect(port.received()).toBe('');
  port.unplug();
  expect(await probe()).toMatchObject({ state: 'failed', code: 'SOURCE_PORT_MISSING' });
  port = new TestPort(path);
});
