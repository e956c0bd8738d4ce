import { parseDuration } from '@fieldline/protocol';

/**
 * One option of a command. Its value comes from the flag, else from the environment (`FIELDLINE_` and the flag's
 * name in capitals), else from the settings file, else it is `fallback`.
 */
export interface Option<Value> {
  readonly brief: string;
  /** What stands for the value in the usage line; absent for a switch. */
  readonly placeholder?: string;
  /** Reads the text of a flag, a variable or a setting. Throws SyntaxError saying what is allowed. */
  readonly parse: (text: string) => NonNullable<Value>;
  readonly fallback: Value;
  /** False for what only makes sense a call at a time: then environment and file are not asked. */
  readonly isSetting: boolean;
}

interface About {
  readonly brief: string;
  readonly placeholder?: string;
  readonly isSetting?: boolean;
}

/** A text; `undefined` where nobody gives one and there is no fallback. */
export function text(about: About & { fallback: string }): Option<string>;
export function text(about: About): Option<string | undefined>;
export function text(about: About & { fallback?: string }): Option<string | undefined> {
  return option<string | undefined>(about, 'TEXT', (value) => value, about.fallback);
}

/** A number within bounds. */
export function figure(about: About & Bounds & { fallback: number }): Option<number>;
export function figure(about: About & Bounds): Option<number | undefined>;
export function figure(about: About & Bounds & { fallback?: number }): Option<number | undefined> {
  const { least = -Infinity, most = Infinity, whole = false } = about;
  const parse = (value: string) => {
    const number = value.trim() === '' ? NaN : Number(value);
    if (number >= least && number <= most && (!whole || Number.isInteger(number))) return number;
    throw new SyntaxError(`it is a ${whole ? 'whole number' : 'number'} from ${least} to ${most}`);
  };
  return option<number | undefined>(about, 'N', parse, about.fallback);
}

interface Bounds {
  readonly least?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/** A port: 0 takes any free one. */
export function port(about: About): Option<number | undefined> {
  return figure({ placeholder: 'PORT', ...about, least: 0, most: 65_535, whole: true });
}

/** A duration such as `30s`, in µs. */
export function duration(about: About): Option<number | undefined> {
  const parse = (value: string) => {
    const read = parseDuration(value);
    if (read.ok && read.value > 0) return read.value;
    throw new SyntaxError('it is a duration with a unit, such as 250ms, 30s or 1h');
  };
  return option<number | undefined>(about, '30s', parse, undefined);
}

/** One of a few words. */
export function choice<const Word extends string>(
  about: About & { words: readonly Word[]; fallback: Word },
): Option<Word> {
  const parse = (value: string) => {
    const found = about.words.find((word) => word === value);
    if (found !== undefined) return found;
    throw new SyntaxError(`it is one of ${about.words.join(', ')}`);
  };
  return option(about, about.words.join('|'), parse, about.fallback);
}

/** A switch: absent is off. */
export function toggle(about: About): Option<boolean> {
  const parse = (value: string) => {
    if (['1', 'true', 'yes', 'on'].includes(value)) return true;
    if (['0', 'false', 'no', 'off'].includes(value)) return false;
    throw new SyntaxError('it is true or false');
  };
  return { brief: about.brief, parse, fallback: false, isSetting: false };
}

function option<Value>(
  about: About,
  placeholder: string,
  parse: (text: string) => NonNullable<Value>,
  fallback: Value,
): Option<Value> {
  return {
    brief: about.brief,
    placeholder: about.placeholder ?? placeholder,
    parse,
    fallback,
    isSetting: about.isSetting ?? false,
  };
}
