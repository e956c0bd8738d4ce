/** One line of a dump: where it begins, its bytes in hexadecimal, and what they are as printable ASCII. */
export interface DumpLine {
  readonly offset: number;
  readonly hex: string;
  readonly text: string;
}

/** Bytes in base64url, with or without padding; empty where it is none. */
export function fromBase64url(text: string): Uint8Array {
  try {
    const standard = text.replaceAll('-', '+').replaceAll('_', '/');
    return Uint8Array.from(atob(standard), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

/** Bytes as a dump, `width` on a line; what is not printable ASCII stands as a dot. */
export function dumpOf(bytes: Uint8Array, width = 16): DumpLine[] {
  const lines: DumpLine[] = [];
  for (let offset = 0; offset < bytes.length; offset += width) {
    const part = [...bytes.subarray(offset, offset + width)];
    lines.push({
      offset,
      hex: part.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      text: part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(''),
    });
  }
  return lines;
}

/**
 * Bytes as text. What is no UTF-8, controls, and marks that turn the direction of writing or cannot be seen stand as escapes
 * (`\x00`, `\u{202e}`), so that what is read is what is there.
 */
export function escapedText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const letter = decoded(bytes.subarray(at, at + length));
    text += letter === undefined ? `\\x${lead.toString(16).padStart(2, '0')}` : visible(letter);
    at += letter === undefined ? 1 : length;
  }
  return text;
}

/** One letter of UTF-8; undefined where these bytes are none. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const units = (text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1;
    return text.length === units ? text : undefined;
  } catch {
    return undefined;
  }
}

function visible(letter: string): string {
  if (letter === '\n' || letter === '\t') return letter;
  if (letter === '\\') return '\\\\';
  const code = letter.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(letter) ? `\\u{${code.toString(16)}}` : letter;
}
