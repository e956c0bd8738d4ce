/** One line of InfluxDB's line protocol (InfluxDB 1.8, "Line protocol reference"). */
export interface Line {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Numbers, truth values as 1 and 0; undefined for text. */
  readonly fields: readonly (readonly [name: string, value: number | undefined])[];
  /** As it stands there, in the precision of its sender; undefined where there is none. */
  readonly time: bigint | undefined;
}

/** Parses one line; a sentence of what is wrong where it is none. */
export function parseLine(line: string): Line | string {
  const [head = '', fieldText, timeText, ...rest] = splitOutside(line, ' ').filter((part) => part !== '');
  if (fieldText === undefined || rest.length > 0) return 'not measurement, fields and time between blanks';
  const [measurement = '', ...tagTexts] = splitOutside(head, ',');
  if (measurement === '') return 'no measurement';
  const tags: [string, string][] = [];
  for (const text of tagTexts) {
    const [key = '', value = '', ...more] = splitOutside(text, '=');
    if (key === '' || value === '' || more.length > 0) return 'a tag that is not key=value';
    tags.push([unescape(key), unescape(value)]);
  }
  const fields: [string, number | undefined][] = [];
  for (const text of splitOutside(fieldText, ',')) {
    const [key = '', value = '', ...more] = splitOutside(text, '=');
    const read = more.length > 0 || key === '' ? 'bad' : readField(value);
    if (read === 'bad') return 'a field that is not key=value';
    fields.push([unescape(key), read]);
  }
  if (timeText !== undefined && !/^-?\d{1,19}$/.test(timeText)) return 'a time that is no whole number';
  return {
    measurement: unescape(measurement),
    tags: Object.fromEntries(tags),
    fields,
    time: timeText === undefined ? undefined : BigInt(timeText),
  };
}

/** Splits where `separator` stands neither behind a backslash nor inside double quotes. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '\\') index += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unescape(text: string): string {
  return text.replaceAll(/\\([,= "\\])/g, '$1');
}

function readField(text: string): number | undefined | 'bad' {
  if (text.startsWith('"')) return text.length > 1 && text.endsWith('"') ? undefined : 'bad';
  if (/^(t|T|true|True|TRUE)$/.test(text)) return 1;
  if (/^(f|F|false|False|FALSE)$/.test(text)) return 0;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?\d+[iu]$/.test(text)) return 'bad';
  const value = Number(text.replace(/[iu]$/, ''));
  return Number.isFinite(value) ? value : 'bad';
}
