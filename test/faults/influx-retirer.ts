/**
 * The child of `influx-retire-kill.test.ts`: brings the store at the URL of its first argument to the end of a journal of so many
 * entries, rolls up and retires, and ends when only the last three hours are stored as points.
 */
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { startUs } from '../contract/store-batches.ts';
import { anHour, hourUs, readingsOf, retireJournal } from './influx-retire-entries.ts';

const [, , url = '', directory = '', length = ''] = process.argv;
const journal = retireJournal(Number(length));
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
let roll: (() => void) | undefined;

async function open(): Promise<{ store: InfluxStore; resumeAt: number | undefined }> {
  roll = undefined;
  const store = new InfluxStore({
    address: { url, database: 'kills' },
    directory,
    logger: silent,
    keepUs: { readings: 2 * hourUs, '1m': Infinity, '1h': Infinity },
    nowUs: () => startUs + journal.length * hourUs,
    repeat: (_everyMs, work) => {
      // The first one rolls up; the second would retire.
      roll ??= work;
      return () => undefined;
    },
  });
  const opening = await store.open(journal.length);
  if (opening.kind !== 'ready') throw new Error(opening.failure.detail);
  return { store, resumeAt: opening.resumeAt };
}

const { store: writer, resumeAt } = await open();
for (const entry of journal.slice(resumeAt)) {
  const outcome = await writer.write([entry]);
  if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome));
}
// The position is durable now: what goes from here on is not written again by a replay of the last seconds.
await writer.close();
const { store } = await open();
const retired = (): number =>
  store.counters().find(({ name }) => name.includes('retired_readings'))?.samples[0]?.value ?? 0;
while (retired() < readingsOf(journal.length) - 3 * anHour) {
  roll?.();
  await store.retire();
}
await store.close();
