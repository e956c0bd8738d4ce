import type { QueryAnswer, Result, StreamInfo, StreamName } from '@fieldline/protocol';
import type { QueryRequest } from '../../query/store.ts';
import type { JournaledBatch } from '../sink.ts';

/** What a thread of the store is started with. */
export interface ThreadData {
  readonly role: 'writer' | 'reader';
  readonly path: string;
  readonly nowUs: number;
}

/** What the threads of the store can be asked: the writer all but `query`, the reader `query` alone. */
export interface ThreadMethods {
  cursor(argument: undefined): number;
  write(argument: readonly JournaledBatch[]): void;
  counts(argument: undefined): Map<StreamName, number>;
  streams(argument: undefined): StreamInfo[];
  query(argument: QueryRequest): Promise<Result<QueryAnswer>>;
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
