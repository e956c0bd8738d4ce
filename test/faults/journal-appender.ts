/**
 * The child of `journal-kill.test.ts`: appends records for ever to the journal in the directory of its first
 * argument, several at a time, and prints a line `ID OFFSET` for each that was acknowledged, `cursor OFFSET`
 * for each cursor. Ids go on from the second argument. Each record holds its id and bytes that follow from it.
 */
import { writeSync } from 'node:fs';
import { openJournal } from '../../journal/src/index.ts';
import { killRecord } from './journal-kill-record.ts';

const writersCount = 20;
const [, , directory = '', firstId = '0'] = process.argv;
const journal = await openJournal({
  directory,
  segmentBytes: 64 * 1024,
  retention: { bytes: 4 * 1024 * 1024 },
});
let nextId = Number(firstId);

print(`open ${JSON.stringify(journal.recovery)}`);
await Promise.all(Array.from({ length: writersCount }, appendForEver));

async function appendForEver(_: unknown, writer: number): Promise<void> {
  for (;;) {
    const id = nextId++;
    const offset = await journal.append(`writer-${writer}`, killRecord(id));
    print(`${id} ${offset}`);
    if (id % 50 !== 0) continue;
    await journal.setCursor('reader', offset);
    print(`cursor ${offset}`);
  }
}

/** At once and whole, so that the parent knows of it before anything else can happen here. */
function print(line: string): void {
  writeSync(1, `${line}\n`);
}
