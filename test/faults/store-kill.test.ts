import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { StoreReader } from '../../gateway/src/sinks/embedded/store-reader.ts';
import { StoreWriter } from '../../gateway/src/sinks/embedded/store-writer.ts';
import { killEntry, sensorOf } from './store-kill-entries.ts';

const isLong = process.env['FIELDLINE_TEST_LONG'] === '1';
const kills = isLong ? 100 : 8;
/** The child lives for so many acknowledged writes, and then a little. */
const writesPerLife = 40;

/** Lets the child fill the store and kills it while it writes or tidies; answers what it was told last. */
async function liveAndDie(path: string, life: number): Promise<number> {
  const script = join(import.meta.dirname, 'store-filler.ts');
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let writes = 0;
  let stored = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    stored = Number(line);
    writes += 1;
    if (writes === writesPerLife + (life % 7)) child.kill('SIGKILL');
  }
  expect((await exited)[1]).toBe('SIGKILL');
  return stored;
}

/** Everything of one sensor in the store, as `time value`, sorted. */
async function rowsOf(reader: StoreReader, sensor: string): Promise<string[]> {
  const stream = { device: 'd', sensor, quantity: 'q' };
  const rows: string[] = [];
  for (let fromUs: number | null = 0; fromUs !== null;) {
    const page = await reader.page({ stream, fromUs, toUs: 1e15, rows: 20_000 });
    if (!page.ok) throw new Error(page.refusal.detail);
    const { t, v } = page.value.readings;
    for (const [index, timeUs] of t.entries()) rows.push(`${timeUs} ${v[index]}`);
    fromUs = page.value.nextUs;
  }
  return rows.sort();
}

test(`${kills} kills of the store leave each reading there once, and none of what it was told`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-store-kill-'));
  const path = join(directory, 'store.db');
  for (let life = 0; life < kills; life++) {
    const stored = await liveAndDie(path, life);
    const writer = new StoreWriter(path, 0);
    expect(writer.cursor()).toBeGreaterThanOrEqual(stored);
    writer.close();
  }
  const writer = new StoreWriter(path, 0);
  const cursor = writer.cursor();
  while (writer.tidy());
  writer.close();
  const expected = new Map<string, string[]>();
  for (let offset = 0; offset < cursor; offset++) {
    const rows = expected.get(sensorOf(offset)) ?? [];
    expected.set(sensorOf(offset), rows);
    for (const block of killEntry(offset).sensors) {
      if (block.kind !== 'readings') continue;
      for (const [index, timeUs] of block.t.entries()) rows.push(`${timeUs} ${block.fields['q']?.v[index]}`);
    }
  }
  const reader = new StoreReader(path, () => 0);
  for (const [sensor, rows] of expected) {
    expect(await rowsOf(reader, sensor)).toEqual(rows.sort());
    expect(new Map<string, number>(reader.counts()).get(`d/${sensor}/q`)).toBe(rows.length);
  }
  reader.close();
  await rm(directory, { recursive: true });
});
