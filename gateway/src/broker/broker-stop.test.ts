import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { batchOf, publishBatch, startRig } from '../gateway-rig.ts';

/** CONNECT as MQTT 3.1.1, section 3.1, lays it out: clean session, keep-alive off, no will. */
function connectPacket(device: string, password: string): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0xc2, 0, 0]);
  const body = Buffer.concat([head, text(device), text(device), text(password)]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

describe('a stop', () => {
  test('does not wait for connections that are silent or just being authenticated', async () => {
    const rig = await startRig({ limits: { connectTimeout: '1h' } });
    const password = await rig.addDevice('porch');
    const { hostname, port } = new URL(rig.gateway.mqttUrl);
    const sockets = Array.from({ length: 6 }, () => connect(Number(port), hostname));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const closed = sockets.map(
      (socket) =>
        new Promise((resolve) =>
          socket
            .on('error', () => undefined)
            .once('close', resolve)
            .resume(),
        ),
    );
    for (const socket of sockets.slice(1)) socket.write(connectPacket('porch', password));
    await rig.end();
    await Promise.all(closed);
  });
});

test('a start that fails for a busy port leaves nothing running', async () => {
  // No gateway of its own: one whose store opens late would begin its timers here.
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const setInterval = vi.spyOn(globalThis, 'setInterval');
  const clearInterval = vi.spyOn(globalThis, 'clearInterval');
  await expect(startRig({ mqtt: { port } })).rejects.toMatchObject({ code: 'MQTT_PORT_BUSY' });
  const started = setInterval.mock.results.map(({ value }) => value as unknown);
  const cleared = clearInterval.mock.calls.map(([timer]) => timer as unknown);
  expect(started.length).toBeGreaterThan(0);
  expect(started.filter((timer) => !cleared.includes(timer))).toEqual([]);
  vi.restoreAllMocks();
  taken.close();
});

test('a password hash that cannot be read opens no session and ends nothing else', async () => {
  const rig = await startRig();
  await rig.addDevice('attic');
  const porch = await rig.addDevice('porch');
  await rig.gateway.stop();
  const database = new DatabaseSync(join(rig.home, 'gateway.db'));
  database.exec("UPDATE devices SET password_hash = 'scrypt$9$9$9$c2FsdA$a2V5' WHERE id = 'attic'");
  database.close();
  const again = await startRig({ home: rig.home });
  await expect(again.connect('attic', 'any')).rejects.toThrow(/not authorized/i);
  expect(await again.refused('CREDENTIAL_REFUSED')).toBe(1);
  await publishBatch(await again.connect('porch', porch), batchOf('porch', 1));
  await again.end();
});
