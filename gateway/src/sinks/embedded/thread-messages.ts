import type { Result, SensorBlock, StreamInfo, StreamName } from '@fieldline/protocol';
import type { KeepUs } from './rollups/retention.ts';
import type { PageAnswer, PageRequest, SeriesAnswer, SeriesRequest } from '../../query/store.ts';

/** What a thread of the store is started with. */
export interface ThreadData {
  readonly role: 'writer' | 'reader';
  readonly path: string;
  readonly nowUs: number;
}

/** What the store keeps of a journaled batch. */
export interface StoredEntry {
  readonly offset: number;
  readonly device: string;
  readonly sensors: readonly SensorBlock[];
}

/** What the threads of the store can be asked: the writer what it keeps, a reader what is in it. */
export interface ThreadMethods {
  cursor(argument: undefined): number;
  write(argument: readonly StoredEntry[]): void;
  /** Does all that is left to tidy; resolves when nothing is. */
  tidy(argument: undefined): void;
  /** Removes what is older than it is kept. */
  retire(argument: { readonly nowUs: number; readonly keepUs: KeepUs }): void;
  counts(argument: undefined): Map<StreamName, number>;
  streams(argument: undefined): StreamInfo[];
  query(argument: SeriesRequest): Promise<Result<SeriesAnswer>>;
  page(argument: PageRequest): Promise<Result<PageAnswer>>;
  close(argument: undefined): void;
}

/** The name of something that a thread can be asked. */
export type ThreadMethod = keyof ThreadMethods;

/** One call into a thread; `id` pairs it with its reply. */
export interface ThreadRequest {
  readonly id: number;
  readonly method: ThreadMethod;
  readonly argument: unknown;
}

/** `error` is the message of what was thrown; `code` its registry code where it had one. */
export type ThreadReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string; readonly code: string | undefined };
