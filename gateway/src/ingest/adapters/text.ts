import { accepted, refused, type Result } from '@fieldline/protocol';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A payload as text; refused as DIALECT_UNREADABLE where it is not UTF-8. */
export function readText(payload: Uint8Array): Result<string> {
  try {
    return accepted(decoder.decode(payload));
  } catch {
    return refused('DIALECT_UNREADABLE', 'It is not UTF-8.');
  }
}

/** At most 40 characters of what a peer sent, safe to print. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
