import { LinePattern, patternMaxLength } from '../drivers/line/line-pattern.ts';
import { fieldsMax } from '../fields/field-settings.ts';
import { numberAt } from '../fields/parse-number.ts';
import type { Recognition } from './recognition.ts';
import { isKnownUnit, suggestFields, type UnnamedField } from './suggest-fields.ts';

/** Marks the place of a number in a skeleton; no text line holds it. */
const mark = '\u0000';

/** Lines that differ in their numbers only: with separators between them, or with words. */
export function recogniseNumbers(lines: readonly string[]): Recognition | undefined {
  const [first, ...others] = lines.map(skeletonOf);
  if (first === undefined || others.some(({ text }) => text !== first.text)) return undefined;
  const { text, values } = first;
  if (values.length === 0 || values.length > fieldsMax) return undefined;
  const literals = text.split(mark);
  const fields = suggestFields(values.map((value, at) => unnamed(value, at, literals)));
  const names = fields.map(({ quantity }) => quantity);
  const pattern = patternOf(literals, names);
  if (pattern.length > patternMaxLength || !fitsAll(pattern, names, lines)) return undefined;
  return {
    format: literals.every((literal) => /^[\s,;|]*$/.test(literal)) ? 'delimited' : 'labelled',
    frames: lines.length,
    sample: lines.at(-1) ?? '',
    quantities: fields.map(({ quantity, unit }) => ({ quantity, unit })),
    sensor: {
      driver: 'line',
      settings: {
        pattern,
        fields: Object.fromEntries(fields.map(({ quantity, ...keys }) => [quantity, keys])),
      },
    },
  };
}

interface Skeleton {
  /** The line with a mark in the place of each number. */
  readonly text: string;
  readonly values: readonly number[];
}

/** Digits behind a letter belong to a word: `CO2`. */
function skeletonOf(line: string): Skeleton {
  const values: number[] = [];
  let text = '';
  const source = line.trim();
  for (let at = 0; at < source.length;) {
    const begins = /[\d.+-]/.test(source.charAt(at)) && !/[\p{L}\d_]/u.test(source.charAt(at - 1));
    const found = begins ? numberAt(source, at) : undefined;
    if (found !== undefined && Number.isFinite(found.value)) {
      values.push(found.value);
      text += mark;
      at = found.end;
    } else {
      text += source.charAt(at);
      at += 1;
    }
  }
  return { text: withoutPadding(text), values };
}

/** Columns padded with spaces are one shape; the number of a pattern takes spaces before it anyway. */
function withoutPadding(text: string): string {
  return text.replaceAll(/[ \t]+/g, ' ').replaceAll(new RegExp(`([=:,;|(]) ${mark}`, 'g'), `$1${mark}`);
}

/** The word before a number is its label, the one behind it its unit, unless that is the label of the next. */
function unnamed(value: number, at: number, literals: readonly string[]): UnnamedField {
  const [before = '', after = ''] = literals.slice(at, at + 2);
  const word = /(\p{L}[\p{L}\d_]*)[\s=:(]*$/u.exec(before)?.[1] ?? '';
  const suffix = /^\s?([°%\p{L}][\p{L}\d/%]*)(?![\p{L}\d/%]|\s*[=:])/u.exec(after)?.[1] ?? '';
  const isLast = at + 2 >= literals.length;
  const labelsComeFirst = /\p{L}/u.test(literals[0] ?? '');
  const isNextLabel = labelsComeFirst && !isLast && after.startsWith(' ') && after.trim() === suffix;
  const isUnitBefore = !labelsComeFirst && before.trim() === word && isKnownUnit(word);
  return { label: isUnitBefore ? '' : word, suffix: isNextLabel ? '' : suffix, value };
}

function patternOf(literals: readonly string[], names: readonly string[]): string {
  return literals
    .map((literal, at) => {
      const escaped = literal.replaceAll('{', '{{').replaceAll('}', '}}');
      return at < names.length ? `${escaped}{${names[at]}}` : escaped;
    })
    .join('');
}

/** The proof of the pattern: the driver reads every line with it. */
function fitsAll(pattern: string, names: readonly string[], lines: readonly string[]): boolean {
  const parsed = LinePattern.parse(pattern, names);
  if (!parsed.ok) return false;
  const into = new Float64Array(names.length);
  return lines.every((line) => parsed.value.match(line, into));
}
