import { errorEntry, type ErrorCode, type Problem } from '@fieldline/protocol';

/** Media type of RFC 9457. */
export const problemType = 'application/problem+json';

/** The RFC 9457 document of an error of the registry; `detail` says what of this request was concerned. */
export function problemDocument(status: number, code: ErrorCode, detail: string): Problem {
  const { title, remedy } = errorEntry(code);
  return { type: `/docs/reference/errors.md#${code}`, title, status, detail, code, remedy };
}
