import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo } from '../services/demo.ts';
import { countRecorded, totalOf } from '../services/records.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { countEmbedded } from '../services/stored-counts.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-demo-test-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The embedded store is what these tests count; another store of the environment has its own tests. */
const env = { FIELDLINE_INFLUX_URL: '' };

test(
  'every reading that the virtual sensors handed over is taken, and stored, once',
  { timeout: 180_000 },
  async () => {
    const home = join(folder, 'whole');
    const demo = await startDemo({ args: ['--duration', '10s', '--home', home], env });
    expect(demo.ready.home).toBe(home);
    expect(demo.ready.pids.agents).toHaveLength(3);
    expect(demo.ready.pids.simulators).toHaveLength(4);
    const { exitCode, summary } = await demo.ended;
    const recorded = countRecorded(home);
    expect(exitCode).toBe(0);
    expect(summary?.ledger).toEqual({
      taken: totalOf(recorded),
      stored: totalOf(recorded),
      filtered: 0,
      refused: 0,
      lost: 0,
      underWay: 0,
      unaccounted: 0,
    });
    expect(totalOf(recorded)).toBeGreaterThan(5000);
    expect(countEmbedded(home)).toEqual(recorded);
    expect(summary?.devices).toBe(3);
    expect(summary?.streams).toBe(10);
    expect(summary?.latencyMs.sensorToStore.p99).toBeGreaterThan(0);
    expect(summary?.latencyMs.sensorToSocket.p99).toBeGreaterThan(0);
  },
);

test(
  'an interrupted demo ends all its processes, removes its home, and exits with 130',
  { timeout: 120_000 },
  async () => {
    const demo = await startDemo({ args: ['--devices', '1'], env });
    const { gateway, agents, simulators } = demo.ready.pids;
    await demo.interrupt();
    expect((await demo.ended).exitCode).toBe(130);
    for (const pid of [gateway, ...agents, ...simulators]) expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(demo.ready.home)).toBe(false);
  },
);

test('a busy port is named, with the flag that takes any free one', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const { exitCode, stderr } = await runFieldline(['demo', '--mqtt-port', '0', '--http-port', String(port)]);
  server.close();
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`port ${port}`);
  expect(stderr).toContain('--http-port 0');
});
