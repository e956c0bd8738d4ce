export type {
  AppendReceiver,
  Journal,
  JournalRecord,
  JournalRecovery,
  JournalStats,
  ReadLimit,
} from './journal.ts';
export { crc32c } from './crc32c.ts';
export { openJournal, type OpenJournalOptions } from './local/open-journal.ts';
export type { Retention } from './local/retention.ts';
export type { FileAccess } from './local/file-access.ts';
