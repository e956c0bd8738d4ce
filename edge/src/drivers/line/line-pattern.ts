import { accepted, refused, type Result } from '@fieldline/protocol';
import { numberAt } from '../../fields/parse-number.ts';

/** The longest pattern, in characters. */
export const patternMaxLength = 256;

type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'space' }
  | { readonly kind: 'any' }
  /** `field`: where the number goes; -1 for one that is not kept. */
  | { readonly kind: 'number'; readonly field: number };

/**
 * A pattern of lines. `{name}` is a number that is kept, `{}` one that is not, `{*}` any text up to where the next
 * piece begins for the first time; `{{` and `}}` are braces; a space is any run of spaces and tabs; all else
 * stands for itself. The whole line has to fit. Matching never goes back: it takes time in proportion to
 * the length of the line, whatever the pattern.
 */
export class LinePattern {
  readonly #pieces: readonly Piece[];

  private constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Reads a pattern, in which every one of the names stands once. */
  static parse(pattern: string, names: readonly string[]): Result<LinePattern> {
    const pieces: Piece[] = [];
    const seen = new Set<string>();
    for (const [token] of pattern.trim().matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[ \t]+|[^{} \t]+/g)) {
      const piece = toPiece(token, names);
      if (typeof piece === 'string') return invalid(piece);
      if (piece.kind === 'number' && piece.field >= 0 && seen.size === seen.add(token).size)
        return invalid(`${token} stands in it twice`);
      const conflict = conflictOf(pieces.at(-1), piece);
      if (conflict !== undefined) return invalid(conflict);
      pieces.push(piece);
    }
    const missing = names.find((name) => !seen.has(`{${name}}`));
    if (missing !== undefined) return invalid(`{${missing}} does not stand in it`);
    return accepted(new LinePattern(pieces));
  }

  /** Whether a line whose beginning was cut off might still fit, with another number. */
  get beginsOpen(): boolean {
    return this.#pieces[0]?.kind === 'number' || this.#pieces[0]?.kind === 'any';
  }

  /** Fills in the numbers of the fields, in the order of the names; false where the line does not fit. */
  match(line: string, into: Float64Array): boolean {
    const text = line.trim();
    let at = 0;
    for (let index = 0; index < this.#pieces.length; index++) {
      const piece = this.#pieces[index]!;
      at = piece.kind === 'any' ? skipTo(this.#pieces[index + 1], text, at) : take(piece, text, at, into);
      if (at < 0) return false;
    }
    return at === text.length;
  }
}

function toPiece(token: string, names: readonly string[]): Piece | string {
  if (token === '{{' || token === '}}') return { kind: 'literal', text: token.charAt(0) };
  if (token === '{' || token === '}')
    return 'a brace has no partner; a brace of the line itself is written twice';
  if (token.startsWith(' ') || token.startsWith('\t')) return { kind: 'space' };
  if (!token.startsWith('{')) return { kind: 'literal', text: token };
  const name = token.slice(1, -1);
  if (name === '*') return { kind: 'any' };
  const field = names.indexOf(name);
  if (name !== '' && field < 0) return `${token} is none of the fields ${names.join(', ')}`;
  return { kind: 'number', field };
}

/** What makes two neighbours ambiguous. */
function conflictOf(before: Piece | undefined, piece: Piece): string | undefined {
  if (before?.kind !== piece.kind) return undefined;
  if (piece.kind === 'number') return 'two numbers need something between them';
  return piece.kind === 'any' ? 'two {*} stand side by side' : undefined;
}

/** Where the piece ends that begins at `at`; -1 where it does not begin there. */
function take(piece: Piece, text: string, at: number, into: Float64Array): number {
  if (piece.kind === 'literal') return text.startsWith(piece.text, at) ? at + piece.text.length : -1;
  const next = skipSpaces(text, at);
  if (piece.kind !== 'number') return next > at ? next : -1;
  // Instruments pad their numbers.
  const found = numberAt(text, next);
  if (found === undefined) return -1;
  if (piece.field >= 0) into[piece.field] = found.value;
  return found.end;
}

/** The first place from `at` on where the piece may begin; the end of the text where it is the last. */
function skipTo(piece: Piece | undefined, text: string, at: number): number {
  if (piece === undefined) return text.length;
  if (piece.kind === 'literal') return text.indexOf(piece.text, at);
  for (let index = at; index < text.length; index++) {
    if (piece.kind === 'space' ? isSpace(text, index) : startsNumber(text, index)) return index;
  }
  return -1;
}

function startsNumber(text: string, at: number): boolean {
  return /[\d+.-]/.test(text.charAt(at)) && numberAt(text, at) !== undefined;
}

function skipSpaces(text: string, at: number): number {
  let next = at;
  while (isSpace(text, next)) next += 1;
  return next;
}

function isSpace(text: string, at: number): boolean {
  const character = text.charAt(at);
  return character === ' ' || character === '\t';
}

function invalid(reason: string): Result<LinePattern> {
  return refused('CONFIG_INVALID_VALUE', `pattern: ${reason}`);
}
