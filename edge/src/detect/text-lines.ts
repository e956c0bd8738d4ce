const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** Lines that are looked at, the newest. */
const linesMax = 32;

/** What of the bytes is text. */
export interface TextLines {
  /** The whole lines at the end, in order, without empty ones: after the last that is no text. */
  readonly lines: readonly string[];
  /** Whether a line before these was no text; the first, which may have begun before the listening, does not count. */
  readonly hasNoise: boolean;
  /** Whether the unfinished line at the end could become text. */
  readonly endsAsText: boolean;
}

/** Cuts bytes at their line ends. The first piece may be the end of a line, and is left out. */
export function textLines(bytes: Uint8Array): TextLines {
  const pieces = cut(bytes);
  const rest = pieces.pop() ?? new Uint8Array();
  const texts = pieces.slice(1).map(decodeText);
  const lastNoise = texts.lastIndexOf(undefined);
  const lines = texts
    .slice(lastNoise + 1)
    .flatMap((text) => (text === undefined || text.trim() === '' ? [] : [text]));
  return {
    lines: lines.slice(-linesMax),
    hasNoise: lastNoise >= 0,
    endsAsText: decodeText(rest) !== undefined,
  };
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  bytes.forEach((byte, at) => {
    if (byte !== lineFeed && byte !== carriageReturn) return;
    pieces.push(bytes.subarray(from, at));
    from = at + 1;
  });
  pieces.push(bytes.subarray(from));
  return pieces;
}

/** The text of a line; undefined where it holds control characters or is not UTF-8. */
function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.some((byte) => (byte < 0x20 && byte !== 0x09) || byte === 0x7f)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
