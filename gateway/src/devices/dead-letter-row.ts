import type { SQLOutputValue } from 'node:sqlite';
import { errorRegistry, type DeadLetter, type ErrorCode } from '@fieldline/protocol';

type Row = Record<string, SQLOutputValue>;

/** Codes of the broker and of ingest: those letters hold a message as it came, others a part of a store's write. */
const messageCodes = { from: 5000, to: 5999 };

/** Reads a row of the table `dead_letters` whose payload is cut to its first bytes. */
export function toDeadLetter(row: Row): DeadLetter {
  return {
    id: Number(row.id),
    atUs: Number(row.at_us),
    lastAtUs: Number(row.last_at_us),
    device: String(row.device),
    topic: String(row.topic),
    code: String(row.code),
    detail: String(row.detail),
    sizeBytes: Number(row.size_bytes),
    count: Number(row.count),
    isReplayable: isReplayable(row),
    payload: row.payload instanceof Uint8Array ? Buffer.from(row.payload).toString('base64url') : '',
  };
}

/** Whether this row holds a whole message, which ingest can be given again. */
export function isReplayable({ code, is_whole: isWhole }: Row): boolean {
  const name = String(code);
  if (isWhole !== 1 || !isErrorCode(name)) return false;
  const { number } = errorRegistry[name];
  return number >= messageCodes.from && number <= messageCodes.to;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRegistry, code);
}
