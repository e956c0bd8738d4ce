import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Journal } from '../../journal/src/index.ts';

/** One backend under the suite: a place of its own, opened as often as asked. */
export interface JournalBackend {
  /** Opens the same log again, after the one before was closed. `now`: microseconds. */
  open(options?: { now?: () => number }): Promise<Journal>;
  /** Removes the log. */
  destroy(): Promise<void>;
}

const everything = { maxBytes: Number.MAX_SAFE_INTEGER };

/** What every backend of the journal's interface must do. */
export function describeJournal(name: string, create: () => Promise<JournalBackend>): void {
  describe(`journal contract: ${name}`, () => {
    let backend: JournalBackend;
    let journal: Journal;

    beforeEach(async () => {
      backend = await create();
      journal = await backend.open();
    });
    afterEach(async () => {
      await journal.close();
      await backend.destroy();
    });

    async function reopen(): Promise<void> {
      await journal.close();
      journal = await backend.open();
    }

    it('is empty at first', async () => {
      expect([journal.firstOffset, journal.nextOffset]).toEqual([0, 0]);
      expect(await journal.read(0, everything)).toEqual([]);
      expect(journal.recovery).toMatchObject({ discardedBytes: 0, tailTorn: false });
    });

    it('gives consecutive offsets from 0, in the order of the calls', async () => {
      const offsets = await appendAll(journal, texts(50));
      expect(offsets).toEqual(Array.from({ length: 50 }, (_, index) => index));
      expect(journal.nextOffset).toBe(50);
    });

    it('reads back keys and values to the byte, and the time of the append', async () => {
      await journal.close();
      journal = await backend.open({ now: () => 1_792_000_000_123_456 });
      const value = Uint8Array.from({ length: 256 }, (_, index) => index);
      await journal.append('greenhouse-1', value);
      await journal.append('', new Uint8Array(0));
      await journal.append('gewächshaus-ü', Buffer.from('x'));
      const records = await journal.read(0, everything);
      expect(records.map(({ key }) => key)).toEqual(['greenhouse-1', '', 'gewächshaus-ü']);
      expect(Buffer.compare(records[0]?.value ?? new Uint8Array(), value)).toBe(0);
      expect(records[1]?.value).toHaveLength(0);
      expect(records[0]?.appendedAtUs).toBe(1_792_000_000_123_456);
    });

    it('copies the value: the caller may use its buffer again', async () => {
      const buffer = Buffer.from('first');
      const appended = journal.append('a', buffer);
      buffer.write('later');
      await appended;
      expect(await valuesFrom(journal, 0)).toEqual(['first']);
    });

    it('reads from any offset, and nothing at the end', async () => {
      await appendAll(journal, texts(20));
      for (let offset = 0; offset <= 20; offset += 1) {
        expect(await valuesFrom(journal, offset)).toEqual(texts(20).slice(offset));
      }
    });

    it('keeps to the limits of a read, but always gives one record', async () => {
      await appendAll(journal, ['aaaa', 'bbbb', 'cccc', 'dddd']);
      const sizes = async (limit: { maxBytes: number; maxRecords?: number }): Promise<number> =>
        (await journal.read(0, limit)).length;
      expect(await sizes({ maxBytes: 1 })).toBe(1);
      expect(await sizes({ maxBytes: 8 })).toBe(2);
      expect(await sizes({ maxBytes: 11 })).toBe(2);
      expect(await sizes({ maxBytes: 100, maxRecords: 3 })).toBe(3);
    });

    it('keeps everything over a reopening, and goes on with the next offset', async () => {
      await appendAll(journal, texts(30));
      await reopen();
      expect(journal.nextOffset).toBe(30);
      expect(await journal.append('a', Buffer.from('after'))).toBe(30);
      expect(await valuesFrom(journal, 28)).toEqual(['value 28', 'value 29', 'after']);
    });

    it('tells those who wait for an offset, and nobody else', async () => {
      const third = journal.waitFor(2);
      const controller = new AbortController();
      const never = journal.waitFor(99, controller.signal);
      await appendAll(journal, texts(3));
      expect(await third).toBe(true);
      expect(await journal.waitFor(0)).toBe(true);
      controller.abort();
      expect(await never).toBe(false);
      expect(await journal.waitFor(99, controller.signal)).toBe(false);
    });

    it('lets those who wait go when it closes', async () => {
      const waiting = journal.waitFor(0);
      await journal.close();
      expect(await waiting).toBe(false);
    });

    it('makes what was appended before close durable, and refuses what comes after', async () => {
      const pending = journal.append('a', Buffer.from('last'));
      await journal.close();
      expect(await pending).toBe(0);
      await expect(journal.append('a', Buffer.from('late'))).rejects.toMatchObject({
        code: 'JOURNAL_CLOSED',
      });
      journal = await backend.open();
      expect(await valuesFrom(journal, 0)).toEqual(['last']);
    });

    it('forgets a cursor that is removed, and knows one that comes again', async () => {
      await journal.setCursor('influxdb', 0);
      await Promise.all([journal.removeCursor('influxdb'), journal.removeCursor('never')]);
      expect(journal.cursor('influxdb')).toBeUndefined();
      await journal.setCursor('influxdb', 0);
      expect(journal.cursor('influxdb')).toBe(0);
    });

    it('keeps named cursors, which may go back', async () => {
      await appendAll(journal, texts(10));
      expect(journal.cursor('embedded')).toBeUndefined();
      await journal.setCursor('embedded', 7);
      await journal.setCursor('influxdb', 9);
      await Promise.all([journal.setCursor('live', 3), journal.setCursor('live', 4)]);
      await journal.setCursor('influxdb', 0);
      await reopen();
      expect(['embedded', 'influxdb', 'live'].map((cursor) => journal.cursor(cursor))).toEqual([7, 0, 4]);
    });

    it('keeps what is not trimmed', async () => {
      await appendAll(journal, texts(40));
      await journal.trim(25);
      expect(journal.firstOffset).toBeLessThanOrEqual(25);
      expect(await valuesFrom(journal, 25)).toEqual(texts(40).slice(25));
      const [first] = await journal.read(0, everything);
      expect(first?.offset).toBe(journal.firstOffset);
    });

    it('refuses a record that is too large, and goes on', async () => {
      await expect(journal.append('k'.repeat(256), new Uint8Array(1))).rejects.toMatchObject({
        code: 'JOURNAL_RECORD_TOO_LARGE',
      });
      expect(await journal.append('k'.repeat(255), new Uint8Array(1))).toBe(0);
    });

    it('lets many append and read at the same time', async () => {
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let turn = 0; turn < 25; turn += 1) await journal.append(`w${writer}`, Buffer.from(`${turn}`));
      });
      const seen: number[] = [];
      const reader = (async () => {
        while (seen.length < 200) {
          await journal.waitFor(seen.length);
          for (const { offset } of await journal.read(seen.length, { maxBytes: 50 })) seen.push(offset);
        }
      })();
      await Promise.all([...writers, reader]);
      expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index));
      expect(journal.stats().appends).toBe(200);
      expect(journal.stats().syncs).toBeLessThanOrEqual(200);
    });
  });
}

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `value ${index}`);
}

async function appendAll(journal: Journal, values: readonly string[]): Promise<number[]> {
  return Promise.all(values.map((value) => journal.append('device-1', Buffer.from(value))));
}

async function valuesFrom(journal: Journal, offset: number): Promise<string[]> {
  const records = await journal.read(offset, everything);
  return records.map(({ value }) => Buffer.from(value).toString());
}
