/**
 * The child of `store-kill.test.ts`: writes entries for ever into the store of its first argument, from where the store
 * stands, several at a time, tidies in between, and prints the offset up to which it was told `stored`.
 */
import { writeSync } from 'node:fs';
import { StoreWriter } from '../../gateway/src/sinks/embedded/store-writer.ts';
import { killEntry } from './store-kill-entries.ts';

const [, , path = ''] = process.argv;
const writer = new StoreWriter(path, 0);

for (;;) {
  const from = writer.cursor();
  const count = 1 + (from % 4);
  writer.write(Array.from({ length: count }, (_, index) => killEntry(from + index)));
  writeSync(1, `${from + count}\n`);
  writer.tidy();
}
