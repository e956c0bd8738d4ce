import { accepted, refused, type Result } from '@fieldline/protocol';

/** Longest line that is written; InfluxDB takes strings up to 64 KB in a field. */
export const lineBytesMax = 256 * 1024;

const measurementSpecial = /[, ]/g;
const keySpecial = /[,= ]/g;
const stringSpecial = /["\\]/g;
/** What cannot be escaped: line breaks end a line, NUL and the other controls are nobody's name. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const unescapable = /[\u0000-\u001f\u007f]/;

/** A measurement's name, escaped; refused where InfluxDB would misread it. */
export function encodeMeasurement(name: string): Result<string> {
  return encodeName(name, 'measurement', measurementSpecial);
}

/** The key of a tag or field, or the value of a tag, escaped; refused where InfluxDB would misread it. */
export function encodeKey(name: string): Result<string> {
  return encodeName(name, 'key or tag', keySpecial);
}

/**
 * InfluxDB 1.x has no escape for a backslash: one that ends a name would escape the separator after it, and
 * one before a special character would read as its escape. An empty tag is no tag.
 */
function encodeName(name: string, what: string, special: RegExp): Result<string> {
  const problem = nameProblem(name);
  if (problem) return refused('POINT_NOT_ENCODABLE', `${what} ${JSON.stringify(name)}: ${problem}`);
  return accepted(name.replaceAll(special, '\\$&'));
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (unescapable.test(name)) return 'it holds a line break or another control character';
  if (name.endsWith('\\')) return 'it ends with a backslash';
  if (/\\[,= ]/.test(name)) return 'it holds a backslash before a character that needs one';
  if (!name.isWellFormed()) return 'it is not well-formed Unicode';
  return undefined;
}

/** The value of a string field, quoted. */
export function encodeString(value: string): string {
  return `"${value.toWellFormed().replaceAll(stringSpecial, '\\$&')}"`;
}

/**
 * The value of a number field: always a float, so that a field never changes its type. Finite numbers only:
 * the caller has checked; InfluxDB would answer 400 to `NaN`.
 */
export function encodeFloat(value: number): string {
  return String(value);
}
