import { isMap, isNode, isSeq, parseDocument, stringify, type Document } from 'yaml';
import { isConfig, type Config, type KeyPath } from './difference.ts';

/** A place in the text that is wrong: its ends as offsets, and why. */
export interface TextProblem {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** What a text says, or where it is no YAML. */
export type ParsedText =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly TextProblem[] };

/** The YAML of a configuration. */
export function toText(config: Config): string {
  return stringify(config, { lineWidth: 100 });
}

/** Reads YAML; everything but one mapping of keys is a problem. */
export function parseText(text: string): ParsedText {
  const document = parseDocument(text, { prettyErrors: false });
  const problems = document.errors.map(({ pos, message }) => ({ from: pos[0], to: pos[1], reason: message }));
  if (problems.length > 0) return { ok: false, problems };
  const whole = (reason: string): ParsedText => ({
    ok: false,
    problems: [{ from: 0, to: text.length, reason }],
  });
  let config: unknown;
  try {
    config = document.toJS();
  } catch (error) {
    // An alias that names nothing, for example: found only when values are made.
    return whole(error instanceof Error ? error.message : String(error));
  }
  if (config === null || config === undefined) return { ok: true, config: {} };
  if (isConfig(config)) return { ok: true, config };
  return whole('It is not a mapping of keys.');
}

/**
 * The text with another value at a path (undefined: without it); comments and order stay. A path goes by keys and
 * indexes: `['sensors', 0, 'window']`. A text that is no YAML comes back as it was.
 */
export function setInText(text: string, path: readonly (string | number)[], value: unknown): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  if (document.contents === null) return value === undefined ? text : toText(nested(path, value));
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, value);
  removeEmpty(document, path.slice(0, -1));
  return document.toString({ lineWidth: 100 });
}

/** Where the value of a path such as `sensors[0].window` stands; the nearest place above it where it is missing. */
export function rangeOfPath(text: string, path: string): readonly [from: number, to: number] {
  const document = parseDocument(text);
  let parts = partsOf(path);
  for (; parts.length > 0; parts = parts.slice(0, -1)) {
    const node = document.getIn(parts, true);
    if (isNode(node) && node.range) return [node.range[0], node.range[1]];
  }
  const end = text.indexOf('\n');
  return [0, end < 0 ? text.length : end];
}

/** `sensors[0].window` as keys and indexes. */
export function partsOf(path: string): (string | number)[] {
  return [...path.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** The path of a difference in this configuration, by keys and indexes. */
export function indexedPath(config: Config, path: KeyPath): (string | number)[] {
  const parts: (string | number)[] = [];
  let value: unknown = config;
  for (const key of path) {
    const index = Array.isArray(value) ? value.findIndex((each) => isConfig(each) && each['id'] === key) : -1;
    const part = index >= 0 ? index : key;
    parts.push(part);
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  }
  return parts;
}

/** A configuration that holds this value alone. */
function nested([first = '', ...rest]: readonly (string | number)[], value: unknown): Config {
  return { [first]: rest.length > 0 ? nested(rest, value) : value };
}

/** Mappings that a removed key leaves empty say nothing any more. */
function removeEmpty(document: Document, path: readonly (string | number)[]): void {
  for (let parts = path; parts.length > 0; parts = parts.slice(0, -1)) {
    const node = document.getIn(parts, true);
    if (isSeq(node) || !isMap(node) || node.items.length > 0) return;
    document.deleteIn(parts);
  }
}
