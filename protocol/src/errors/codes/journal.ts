import { defineErrors } from './define.ts';

/** Errors of the journal stage: numbers 4000 to 4499. */
export const journalErrors = defineErrors({
  JOURNAL_WRITE_FAILED: {
    number: 4000,
    title: 'The journal could not write to its disk.',
    remedy:
      'Free space on that file system, or make it writable; the journal tries afresh with the next record.',
  },
  JOURNAL_LOCKED: {
    number: 4001,
    title: 'Another process has this journal open.',
    remedy: 'Stop that process, or give this one a directory of its own.',
  },
  JOURNAL_CLOSED: {
    number: 4002,
    title: 'The journal is closed.',
    remedy: 'Open the journal again before using it.',
  },
  JOURNAL_RECORD_TOO_LARGE: {
    number: 4003,
    title: 'The record is larger than a journal record may be.',
    remedy: 'Send smaller batches, and keys of at most 255 bytes.',
  },
  JOURNAL_OVERLOADED: {
    number: 4004,
    title: 'More records wait for the disk than the journal holds in memory.',
    remedy: 'Slow the senders down, or use a faster disk; what was refused can be appended again.',
  },
  JOURNAL_OPEN_FAILED: {
    number: 4005,
    title: 'The journal directory could not be opened.',
    remedy: 'Check that the directory exists, is on a writable file system, and belongs to this user.',
  },
  JOURNAL_READ_FAILED: {
    number: 4006,
    title: 'The journal could not be read from its disk.',
    remedy: 'Check the disk for errors (dmesg), then copy the journal directory to a healthy one.',
  },
  JOURNAL_CURSOR_REFUSED: {
    number: 4007,
    title: 'The cursor cannot be kept.',
    remedy:
      'Use offsets from 0 up, names of 1 to 64 characters of a-z, 0-9, -, _, . and /, and fewer cursors.',
  },
  JOURNAL_VERSION_UNKNOWN: {
    number: 4008,
    title: 'The journal holds segments of a format that this version does not know.',
    remedy: 'Start the newer version of Fieldline that wrote them, or move that directory away.',
  },
});
