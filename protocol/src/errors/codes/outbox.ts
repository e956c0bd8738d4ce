import { defineErrors } from './define.ts';

/** Errors of the outbox stage: numbers 3000 to 3499. */
export const outboxErrors = defineErrors({
  OUTBOX_WRITE_FAILED: {
    number: 3000,
    title: 'A batch could not be made durable.',
    remedy:
      'Check free space and mount state of the data directory; batches wait in memory meanwhile (`outbox.memory`).',
  },
  OUTBOX_MEMORY_FULL: {
    number: 3001,
    title: 'Readings that waited in memory were dropped, since the outbox cannot be written.',
    remedy: 'Repair the disk; the readings dropped are counted as lost in the ledger.',
  },
  OUTBOX_LIMIT: {
    number: 3002,
    title: 'The outbox has reached its limit, and the oldest batches were dropped.',
    remedy: 'Restore the connection, or raise `outbox.maxBytes` or `outbox.maxAge`.',
  },
  OUTBOX_EPOCH_RENEWED: {
    number: 3003,
    title: 'Recovery of the outbox discarded damaged records, so numbering starts afresh.',
    remedy: 'Look at power supply and storage card if this repeats.',
  },
  OUTBOX_UNREADABLE_BATCH: {
    number: 3004,
    title: 'A batch in the outbox cannot be read back.',
    remedy: 'Look at the storage card; the batch stays listed as missing in the ledger of the gateway.',
  },
  OUTBOX_LEDGER_DIFFERENCE: {
    number: 3005,
    title: 'The counters of a stream do not add up.',
    remedy: 'Report it as a bug, with the counters that the message names.',
  },
});
