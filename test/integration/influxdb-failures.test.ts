import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { InfluxAddress } from '../../gateway/src/sinks/influxdb/influx-address.ts';
import type { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { Entries, readings, startUs } from '../contract/store-batches.ts';
import { InfluxFront } from '../services/influx-front.ts';
import { airOver, influxStores } from '../services/influx-stores.ts';
import { influxdProgram, startInfluxd, type Influxd, type InfluxdOptions } from '../services/influxd.ts';

/** What InfluxDB answers where it does not simply store, and what becomes of the readings then. */
describe.skipIf(influxdProgram.missing)('an InfluxDB that does not store', () => {
  const stores = influxStores();
  const { counted, entry, told, write } = stores;

  async function startOne(options: InfluxdOptions = {}): Promise<Influxd> {
    const influxd = await startInfluxd(options);
    onTestFinished(() => influxd.remove());
    return influxd;
  }

  /** A server before it, which answers writes as it is told. */
  async function startFront(): Promise<InfluxFront> {
    const front = new InfluxFront((await startOne()).url);
    await front.start();
    onTestFinished(() => front.stop());
    return front;
  }

  async function open(
    address: Partial<InfluxAddress> & { url: string },
    more: { requestTimeoutMs?: number } = {},
  ): Promise<InfluxStore> {
    const store = stores.make({ address: { database: 'farm', ...address }, ...more });
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: expect.any(Number) });
    return store;
  }

  /** `count` readings, a second apart from `fromS` on. */
  const some = (count: number, fromS = 0): JournaledBatch => entry(airOver(fromS, count, count));

  test('a request larger than it takes is divided until it takes the parts', async () => {
    await open({ url: (await startOne({ maxBodyBytes: 2000 })).url });
    await write(some(1000));
    expect(await counted()).toBe(1000);
  });

  test('one line that is too large alone is dead-lettered, and the others are stored', async () => {
    const tagsOf = (device: string): Record<string, string> => ({
      site: device === 'greenhouse-1' ? 'near' : 'x'.repeat(3000),
    });
    const url = (await startOne({ maxBodyBytes: 2000 })).url;
    const store = stores.make({ address: { url, database: 'farm' }, tagsOf });
    await store.open();
    const far = new Entries('barn').next(readings('air', 'temperature', [[1, 7]]));
    const outcome = await store.write([some(100), { ...far, offset: 1 }]);
    expect(outcome).toMatchObject({
      kind: 'refused',
      parts: [{ offset: 1, device: 'barn', code: 'INFLUX_REJECTED_POINT', counts: { 'air/temperature': 1 } }],
    });
    expect(await counted()).toBe(100);
  });

  test('one that hangs is given up, tried again, and stores everything once', async () => {
    const influxd = await startOne();
    const store = await open({ url: influxd.url }, { requestTimeoutMs: 300 });
    const written = [some(10)];
    process.kill(influxd.pid, 'SIGSTOP');
    try {
      expect(await store.write(written)).toMatchObject({
        kind: 'retryable',
        failure: { code: 'INFLUX_UNREACHABLE', detail: 'No answer within 300 ms.' },
      });
    } finally {
      process.kill(influxd.pid, 'SIGCONT');
    }
    await expect.poll(() => store.write(written)).toEqual({ kind: 'stored' });
    expect(await counted()).toBe(10);
  });

  test('a password that is changed while it runs stops the writing, and loses nothing', async () => {
    const influxd = await startOne({ auth: true });
    const asAdmin = async (q: string, password = ''): Promise<number> => {
      const identity = Buffer.from(`admin:${password}`).toString('base64');
      const request = { method: 'POST', body: new URLSearchParams({ q }) };
      const headers = password === '' ? {} : { authorization: `Basic ${identity}` };
      return (await fetch(new URL('/query', influxd.url), { ...request, headers })).status;
    };
    expect(await asAdmin("CREATE USER admin WITH PASSWORD 'a' WITH ALL PRIVILEGES")).toBe(200);
    const store = await open({ url: influxd.url, username: 'admin', password: 'a' });
    await write(some(5));
    expect(await asAdmin("SET PASSWORD FOR admin = 'b'", 'a')).toBe(200);
    const written = [some(5, 10)];
    const failure = { code: 'INFLUX_UNAUTHORIZED' };
    expect(await store.write(written)).toMatchObject({ kind: 'retryable', failure });
    expect(await asAdmin("SET PASSWORD FOR admin = 'a'", 'b')).toBe(200);
    await write(...written);
    expect(await counted()).toBe(10);
  });

  test('a user who may only read and write stores, without rollups', async () => {
    const influxd = await startOne({ auth: true });
    const headers = { authorization: `Basic ${Buffer.from('admin:a').toString('base64')}` };
    const statements = [
      "CREATE USER admin WITH PASSWORD 'a' WITH ALL PRIVILEGES",
      'CREATE DATABASE farm',
      "CREATE USER hand WITH PASSWORD 'b'",
      'GRANT ALL ON farm TO hand',
    ];
    const asAdmin = async (q: string, isKnown = true): Promise<void> => {
      const request = { method: 'POST', body: new URLSearchParams({ q }), ...(isKnown && { headers }) };
      expect((await fetch(new URL('/query', influxd.url), request)).status).toBe(200);
    };
    for (const [index, q] of statements.entries()) await asAdmin(q, index > 0);
    const address = { url: influxd.url, database: 'farm', username: 'hand', password: 'b' };
    const store = stores.make({ address, rollEveryMs: 0 });
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: 0 });
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: 0 });
    expect(told).toEqual([expect.stringContaining('retention policies')]);
    const written = some(10);
    await write(written);
    expect(await counted()).toBe(10);
    for (const name of ['fieldline_1m', 'fieldline_1h'])
      await asAdmin(`CREATE RETENTION POLICY ${name} ON farm DURATION INF REPLICATION 1`);
    // What its state file does not hold yet comes again.
    expect(await store.open()).toMatchObject({ kind: 'ready' });
    await write(written);
    expect(await counted()).toBe(10);
    await store.close();
    const other = stores.make({ address, rollEveryMs: 0 });
    expect(await other.open()).toEqual({ kind: 'ready', resumeAt: 1 });
    expect(told).toHaveLength(1);
  });

  test('where one of several requests under way fails, all of the write is tried again and stored once', async () => {
    const front = await startFront();
    const store = await open({ url: front.url });
    const written = [0, 1, 2, 3, 4].map((part) => some(12_000, 12_000 * part));
    front.answers.push({ status: 204 }, { status: 503, body: 'busy' });
    expect(await store.write(written)).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_OVERLOADED' } }); // prettier-ignore
    // The first was answered and not stored: only what the whole write says counts.
    expect(front.writes.length).toBeLessThan(5);
    await write(...written);
    expect(await counted()).toBe(60_000);
  });

  test.each([
    [429, { 'retry-after': '7' }, '{"error":"too many"}', { code: 'INFLUX_OVERLOADED', retryAfterMs: 7000 }],
    [503, { 'retry-after': '1' }, 'write limit', { code: 'INFLUX_OVERLOADED', retryAfterMs: 1000 }],
    [500, {}, '{"error":"timeout"}', { code: 'INFLUX_OVERLOADED', detail: 'HTTP 500 timeout' }],
    [500, {}, '{"error":"write /x: no space left on device"}', { code: 'INFLUX_DISK_FULL' }],
    [403, {}, '{"error":"not authorized"}', { code: 'INFLUX_UNAUTHORIZED' }],
    [404, {}, '404 page not found', { code: 'INFLUX_NOT_INFLUX' }],
    [302, { location: 'http://127.0.0.1:1/' }, '', { code: 'INFLUX_NOT_INFLUX' }],
    [200, {}, 'welcome', { code: 'INFLUX_NOT_INFLUX' }],
  ])('HTTP %i is tried again by the runner alone', async (status, headers, body, failure) => {
    const front = await startFront();
    const store = await open({ url: front.url });
    front.answers.push({ status, headers, body });
    const written = [some(10)];
    expect(await store.write(written)).toMatchObject({ kind: 'retryable', failure });
    expect(front.writes).toHaveLength(1);
    await write(...written);
    expect(await counted()).toBe(10);
  });

  test('what is compressed is the same points; on loopback it is so only where that is wanted', async () => {
    const front = await startFront();
    const store = await open({ url: front.url });
    await store.write([some(500)]);
    expect(front.writes[0]?.headers['content-encoding']).toBeUndefined();
    await store.close();
    const other = await open({ url: front.url, gzip: true });
    await other.write([some(500, 1000)]);
    const last = front.writes.at(-1);
    expect(last?.headers['content-encoding']).toBe('gzip');
    expect(last?.bytes.length).toBeLessThan((last?.text.length ?? 0) / 5);
    expect(await counted()).toBe(1000);
  });

  describe('of version 2', () => {
    async function startNewer(): Promise<InfluxFront> {
      const front = await startFront();
      await fetch(`${front.url}/query`, { method: 'POST', body: new URLSearchParams({ q: 'CREATE DATABASE farm' }) }); // prettier-ignore
      front.newer = { token: 'secret', buckets: ['farm'] };
      return front;
    }
    const asDevice = { token: 'secret', organization: 'fields' };

    test('is written to at its own endpoint with a token, and asked in InfluxQL', async () => {
      const front = await startNewer();
      await open({ url: front.url, ...asDevice });
      await write(some(10));
      expect(front.writes).toMatchObject([
        {
          path: '/api/v2/write',
          query: { bucket: 'farm', org: 'fields', precision: 'us' },
          headers: { authorization: 'Token secret' },
        },
      ]);
      const { unit, columns } = await stores.ask(60, { toUs: startUs + 60_000_000 });
      expect([unit, columns.t.length]).toEqual(['Cel', 10]);
    });

    test('refuses the one point whose field has another type, with 422', async () => {
      const front = await startNewer();
      const store = await open({ url: front.url, ...asDevice });
      const line = `thermometer,device=x,sensor=y humidity="text" ${startUs}`;
      const url = `${front.url}/api/v2/write?bucket=farm&precision=us`;
      expect((await fetch(url, { method: 'POST', body: line, headers: { authorization: 'Token secret' } })).status).toBe(204); // prettier-ignore
      const bad = entry(readings('air', 'humidity', [[1, 50]], { unit: '%RH' }));
      const outcome = await store.write([bad, some(100)]);
      expect(outcome).toMatchObject({
        kind: 'refused',
        parts: [{ offset: 0, counts: { 'air/humidity': 1 } }],
      });
      if (outcome.kind === 'refused') expect(outcome.parts[0]?.detail).toContain('field type conflict');
      expect(await counted()).toBe(100);
    });

    test('says that the token is refused, and that the bucket is missing, until they are right', async () => {
      const front = await startNewer();
      const store = await open({ url: front.url, ...asDevice });
      const written = [some(10)];
      front.newer = { token: 'other', buckets: ['farm'] };
      expect(await store.write(written)).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_UNAUTHORIZED' } }); // prettier-ignore
      expect(await store.open()).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_UNAUTHORIZED' } }); // prettier-ignore
      front.newer = { token: 'secret', buckets: [] };
      expect(await store.write(written)).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_DATABASE_MISSING' } }); // prettier-ignore
      expect(await store.open()).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_DATABASE_MISSING' } }); // prettier-ignore
      front.newer.buckets.push('farm');
      await write(...written);
      expect(await counted()).toBe(10);
    });

    test('asks for the journal again, once, where a bucket that held readings has gone', async () => {
      const front = await startNewer();
      const store = await open({ url: front.url, ...asDevice });
      const [first, second] = [some(10), some(10, 10)];
      await write(first);
      front.newer = { token: 'secret', buckets: [] };
      expect(await store.write([second])).toEqual({ kind: 'rewind', offset: 0 });
      expect(await store.write([first, second])).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_DATABASE_MISSING' } }); // prettier-ignore
      front.newer.buckets.push('farm');
      await write(first, second);
      expect(await counted()).toBe(20);
    });
  });

  describe('for want of disk', () => {
    const disk = mkdtempSync(join(tmpdir(), 'fieldline-influx-disk-'));
    const isMounted = mountSmallDisk(disk);
    afterAll(() => {
      if (isMounted) execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    });

    test.skipIf(!isMounted)('is told of, and stores everything once when there is room again', async () => {
      const influxd = await startInfluxd({ parent: disk });
      try {
        const store = await open({ url: influxd.url });
        let written = 0;
        let last = some(10);
        let outcome = await store.write([last]);
        while (outcome.kind === 'stored') {
          last = some(20_000, 1000 + written);
          written += 20_000;
          outcome = await store.write([last]);
        }
        expect(outcome).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_DISK_FULL' } });
        execFileSync('mount', ['-o', 'remount,size=200m', disk]);
        // The writer of its log goes on refusing until it is started again.
        await influxd.restart();
        await expect.poll(() => store.write([last])).toEqual({ kind: 'stored' });
        expect(await counted()).toBe(10 + written);
      } finally {
        await influxd.remove();
      }
    });
  });
});

/** A file system of a few MiB; only root may mount one. */
function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
