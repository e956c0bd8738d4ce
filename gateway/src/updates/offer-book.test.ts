import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDatabase } from '../testing/temporary-database.ts';
import { OfferBook } from './offer-book.ts';

const clock = { nowUs: () => 1_700_000_000_000_000 };

let database: DatabaseSync;
let remove: () => void;

beforeEach(() => {
  ({ database, remove } = temporaryDatabase());
});
afterEach(() => remove());

function offered(): { book: OfferBook; offer: string } {
  const book = new OfferBook(database, clock);
  const added = book.add('0.2.0', { devices: ['d-1'] });
  if (!added.ok) throw new Error(added.refusal.detail);
  return { book, offer: added.value.id };
}

describe('how far an offer has come on a device', () => {
  it.each(['committed', 'rolled-back', 'refused'] as const)(
    'stays %s, whatever of what was said before comes once more, also behind a restart',
    (end) => {
      const { book, offer } = offered();
      for (const state of ['downloading', 'installing', 'trial', end] as const)
        expect(book.note('d-1', { offer, state })).toBe(true);
      for (const opened of [book, new OfferBook(database, clock)]) {
        expect(opened.note('d-1', { offer, state: 'trial' })).toBe(false);
        expect(opened.progressOf(offer).get('d-1')).toMatchObject({ state: end });
      }
    },
  );

  it('goes on from what failed for now', () => {
    const { book, offer } = offered();
    expect(book.note('d-1', { offer, state: 'failed', code: 'UPDATE_NO_SPACE' })).toBe(true);
    expect(book.note('d-1', { offer, state: 'downloading' })).toBe(true);
    expect(book.progressOf(offer).get('d-1')).toMatchObject({ state: 'downloading', code: null });
  });

  it('is nothing for an offer that is not known', () => {
    const { book } = offered();
    expect(book.note('d-1', { offer: 'another', state: 'trial' })).toBe(false);
  });
});
