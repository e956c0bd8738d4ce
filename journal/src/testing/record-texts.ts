import type { Journal } from '../journal.ts';

/** Appends all texts at once, so that they share one group; answers their offsets. */
export async function appendTexts(journal: Journal, texts: readonly string[]): Promise<number[]> {
  return Promise.all(texts.map((text) => journal.append('device-1', Buffer.from(text))));
}

/** All that can be read from `offset`, as `[offset, text]`. */
export async function readTexts(journal: Journal, offset = 0): Promise<[number, string][]> {
  const all: [number, string][] = [];
  for (let from = offset; ;) {
    const records = await journal.read(from, { maxBytes: 64 * 1024 });
    for (const record of records) all.push([record.offset, Buffer.from(record.value).toString()]);
    const last = records.at(-1);
    if (!last) return all;
    from = last.offset + 1;
  }
}
