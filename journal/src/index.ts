export type { Journal, JournalRecord, JournalStats, ReadLimit } from './journal.ts';
