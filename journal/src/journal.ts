/**
 * A durable, ordered log. Every stage above it sees only this interface: it may be files here and Apache
 * Kafka there.
 *
 * Any number of callers may append and read concurrently. Offsets are integers from 0, consecutive and never
 * reused; retention removes from the low end. Only recovery from damage leaves some out (see `recovery`).
 */
export interface Journal {
  /**
   * Appends one record. Resolves with its offset once it is durable (group commit: appends that arrive
   * while a sync runs share the next one). The value is copied before this returns. Rejects with FieldlineError
   * `JOURNAL_WRITE_FAILED` (disk full, read-only, I/O error), `JOURNAL_OVERLOADED`,
   * `JOURNAL_RECORD_TOO_LARGE` or `JOURNAL_CLOSED`; nothing of a rejected append is ever read. After a
   * rejection later appends are tried afresh.
   */
  append(key: string, value: Uint8Array): Promise<number>;
  /**
   * The same for who appends very many small records: `receiver` is told instead of a promise, in the order
   * of the offsets. Where the record is refused at once, `failed` is called before this returns.
   */
  appendFor(receiver: AppendReceiver, key: string, value: Uint8Array): void;
  /**
   * Reads in order, from the first record at or after `offset`, at most `maxBytes` of values (at least one
   * record where there is one). Only durable records are seen. Empty at the end of the log.
   */
  read(offset: number, limit: ReadLimit): Promise<JournalRecord[]>;
  /**
   * Resolves once a record at `offset` is durable, or with false when `signal` aborts or the journal closes. The signal is
   * listened to until it aborts: hand over one for all waits of a reader, not one each.
   */
  waitFor(offset: number, signal?: AbortSignal): Promise<boolean>;
  /** The oldest offset still kept. */
  readonly firstOffset: number;
  /** The offset that the next durable record will have. */
  readonly nextOffset: number;
  /** Names a position durably; a cursor that was never set is undefined. */
  setCursor(name: string, offset: number): Promise<void>;
  cursor(name: string): number | undefined;
  /** Forgets a named position durably, so that it holds back no retention; nothing happens where there is none. */
  removeCursor(name: string): Promise<void>;
  /** Allows records below `offset` to be removed, whole segments at a time. */
  trim(offset: number): Promise<void>;
  /** What opening the journal found. */
  readonly recovery: JournalRecovery;
  /** Counters and sizes for metrics. */
  stats(): JournalStats;
  /** Makes everything durable and closes. Appends after it reject. */
  close(): Promise<void>;
}

/** Is told what became of one append: exactly one of the two is called, once. */
export interface AppendReceiver {
  /** The record is durable. Must not throw. */
  appended(offset: number, appendedAtUs: number): void;
  /** Nothing of it is ever read; `cause` is what `append` rejects with. Must not throw. */
  failed(cause: unknown): void;
}

/** How much one `read` may give. */
export interface ReadLimit {
  /** Bytes of values; the first record comes whatever its size. */
  readonly maxBytes: number;
  readonly maxRecords?: number;
}

/** One record as it was appended. */
export interface JournalRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: Uint8Array;
  /** When it was appended, microseconds UTC, by the host's clock. */
  readonly appendedAtUs: number;
}

/** Counters since the journal was opened, and sizes now. */
export interface JournalStats {
  readonly sizeBytes: number;
  readonly segments: number;
  readonly appends: number;
  readonly syncs: number;
  readonly bytesWritten: number;
  /** Bytes that recovery or reading found damaged and set aside, with the number of places. */
  readonly quarantinedBytes: number;
  readonly quarantinedRanges: number;
  /** Records that retention removed before every named cursor had passed them. */
  readonly recordsDroppedUnread: number;
}

/** What opening the journal found, for a caller who must know that records may be gone. */
export interface JournalRecovery {
  /** Whether the last user closed it; false after a crash or a power cut. */
  readonly closedCleanly: boolean;
  /** Damaged bytes in the newest part of the log, set aside or passed over. */
  readonly discardedBytes: number;
  /** Records that are known to be gone; there may have been more. */
  readonly discardedRecordsAtLeast: number;
  /** Whether the end of the log was cut off: it was torn, or a cursor stands beyond it. */
  readonly tailTorn: boolean;
  /** Whether the cursors could not be read: all of them are unset now. */
  readonly cursorsLost: boolean;
  /** Bytes read to find all that, bounded whatever the size of the log. */
  readonly scannedBytes: number;
}
