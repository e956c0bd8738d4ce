import { readFile } from 'node:fs/promises';
import { FieldlineError } from '@fieldline/protocol';

/** What is asked for, and what was known of it. */
export interface HttpQuestion {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A file that holds the value of the header `Authorization`; read at each question, so that it may change. */
  readonly authorizationFile: string | undefined;
  /** A longer answer is broken off, in bytes. */
  readonly maxBytes: number;
  readonly known: HttpValidators;
}

/** By what the server can tell whether the document has changed (RFC 9110, section 8.8). */
export interface HttpValidators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** A document, or the word that it is still the known one. */
export type HttpAnswer =
  | { readonly kind: 'document'; readonly text: string; readonly validators: HttpValidators }
  | { readonly kind: 'unchanged' };

const notModified = 304;

/**
 * Asks for a document once. Throws FieldlineError `SOURCE_HTTP_FAILED`, which names the address without its
 * query, since that may hold a key.
 */
export async function fetchDocument(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
  try {
    const response = await fetch(question.url, { headers: await headersOf(question), signal });
    if (response.status === notModified) return { kind: 'unchanged' };
    if (!response.ok) {
      await response.body?.cancel();
      throw new TypeError(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    const text = await readText(response, question.maxBytes);
    const { headers } = response;
    return {
      kind: 'document',
      text,
      validators: {
        etag: headers.get('etag') ?? undefined,
        lastModified: headers.get('last-modified') ?? undefined,
      },
    };
  } catch (cause) {
    const { origin, pathname } = new URL(question.url);
    const detail = `${reasonOf(cause)}.`;
    throw new FieldlineError('SOURCE_HTTP_FAILED', { subject: origin + pathname, detail, cause });
  }
}

async function headersOf({ headers, authorizationFile, known }: HttpQuestion): Promise<Headers> {
  const all = new Headers({ accept: 'application/json', ...headers });
  if (authorizationFile !== undefined) {
    const authorization = await readFile(authorizationFile, 'utf8');
    all.set('authorization', authorization.trim());
  }
  if (known.etag !== undefined) all.set('if-none-match', known.etag);
  else if (known.lastModified !== undefined) all.set('if-modified-since', known.lastModified);
  return all;
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let sizeBytes = 0;
  const chunks: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of chunks ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new RangeError(`the answer is longer than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** `fetch` hides the reason of a failed connection in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && cause.message !== '') return cause.message;
  return error.message;
}
