import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, type Journal } from '../../journal/src/index.ts';
import { killRecord, killRecordId } from './journal-kill-record.ts';

const isLong = process.env['FIELDLINE_TEST_LONG'] === '1';
const kills = isLong ? 200 : 20;
/** The child lives for up to so many acknowledged records. */
const recordsPerLifeMax = 600;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldline-journal-kill-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** What the child said before it was killed. */
interface Life {
  /** Offset of each acknowledged record, by id. */
  readonly acknowledged: Map<number, number>;
  readonly cursor: number | undefined;
  readonly opened: string;
}

/** Runs the appender, and kills it with SIGKILL at the acknowledgement of record number `until`. */
async function liveAndDie(firstId: number, until: number): Promise<Life> {
  const script = join(import.meta.dirname, 'journal-appender.ts');
  const child = spawn('node', [script, directory, String(firstId)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged = new Map<number, number>();
  let cursor: number | undefined;
  let opened = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const [first = '', second = ''] = line.split(' ');
    if (first === 'open') opened = line;
    else if (first === 'cursor') cursor = Number(second);
    else acknowledged.set(Number(first), Number(second));
    if (acknowledged.size === until) child.kill('SIGKILL');
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return { acknowledged, cursor, opened };
}

/** Reads all there is; each record must be whole, in order, and once. */
async function readAll(journal: Journal): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (let from = 0; ;) {
    const records = await journal.read(from, { maxBytes: 256 * 1024 });
    if (records.length === 0) return found;
    for (const { offset, value } of records) {
      const id = killRecordId(value);
      if (Buffer.compare(value, killRecord(id)) !== 0)
        throw new Error(`offset ${offset} is not record ${id}`);
      if (offset < from || found.has(id)) throw new Error(`record ${id} came twice, or out of order`);
      found.set(id, offset);
      from = offset + 1;
    }
  }
}

describe('a process that appends', () => {
  it(
    `loses no acknowledged record, and shows no wrong one, over ${kills} times kill -9`,
    async () => {
      const promised = new Map<number, number>();
      let nextId = 0;
      for (let kill = 0; kill < kills; kill += 1) {
        const life = await liveAndDie(nextId, 1 + ((kill * 7919) % recordsPerLifeMax));
        if (kill > 0) expect(life.opened).toContain('"closedCleanly":true');
        for (const [id, offset] of life.acknowledged) promised.set(id, offset);

        const journal = await openJournal({ directory });
        expect(journal.recovery.closedCleanly).toBe(false);
        const found = await readAll(journal);
        const kept = [...promised].filter(([, offset]) => offset >= journal.firstOffset);
        const missing = kept.filter(([id, offset]) => found.get(id) !== offset);
        expect(missing).toEqual([]);
        if (life.cursor !== undefined) expect(journal.cursor('reader')).toBeGreaterThanOrEqual(life.cursor);
        nextId = Math.max(nextId, ...found.keys(), ...life.acknowledged.keys()) + 1;
        await journal.close();
      }
      expect(promised.size).toBeGreaterThan(kills);
    },
    kills * 20_000,
  );
});
