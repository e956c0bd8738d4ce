import { accepted, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { serialSettings, toSerialSettings, type SerialSettings } from '../../bindings/serial-settings.ts';
import { fieldsSetting, toFields, type Field } from '../../fields/field-settings.ts';
import { parseJson, toMeasurement, valueAtPath } from '../../fields/json-to-value.ts';
import { LineFramer, type LineFrame } from '../../framing/line-framer.ts';
import { defineDriver, type BoundDriver, type Columns, type DriverHost } from '../driver.ts';
import { LinePattern, patternMaxLength } from './line-pattern.ts';

/** Longest line, in bytes: all else is noise. It bounds the time that one line may take. */
const lineMaxBytes = 1024;

const settingsSchema = Type.Object(
  {
    ...serialSettings,
    pattern: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: patternMaxLength,
        description:
          'A line with `{name}` for each number: T={temperature}C H={humidity}; without it: JSON lines',
      }),
    ),
    fields: fieldsSetting,
  },
  { additionalProperties: false },
);

/** One row of values from a line; false where the line holds none. */
type ReadLine = (line: string, values: Float64Array, present: boolean[]) => boolean;

/**
 * Any instrument that prints numbers, a line a time: by a declared pattern, or JSON lines with a path a field. One
 * quantity a field, raw readings. The time of a reading is that at which its line's end arrived.
 */
export const line = defineDriver({
  name: 'line',
  settings: settingsSchema,
  bind(settings): Result<BoundDriver> {
    const serial = toSerialSettings(settings, { baudRate: 9600 });
    if (!serial.ok) return serial;
    const fields = toFields(settings.fields);
    if (!fields.ok) return fields;
    const reader = toReader(settings, fields.value);
    if (!reader.ok) return reader;
    const quantities = fields.value.map(({ quantity, unit }) => ({ quantity, unit }));
    return accepted({
      plan: { quantities, window: 'none', sketch: false, lateness: '250ms' },
      start: (host) => start(host, { serial: serial.value, fields: fields.value, ...reader.value }),
    });
  },
});

interface Reader {
  readonly read: ReadLine;
  /** Whether the rest of a line may pass for a whole one. */
  readonly fitsRest: boolean;
}

function toReader(settings: Static<typeof settingsSchema>, fields: readonly Field[]): Result<Reader> {
  if (settings.pattern === undefined) return accepted({ read: jsonReader(fields), fitsRest: false });
  const misplaced = Object.entries(settings.fields).find(([, { path }]) => path !== undefined);
  if (misplaced)
    return refused('CONFIG_INVALID_VALUE', `fields.${misplaced[0]}.path: goes without \`pattern\` only`);
  const names = fields.map(({ quantity }) => quantity);
  const pattern = LinePattern.parse(settings.pattern, names);
  if (!pattern.ok) return pattern;
  const read: ReadLine = (text, values, present) =>
    pattern.value.match(text, values) && present.fill(true).length > 0;
  return accepted({ read, fitsRest: pattern.value.beginsOpen });
}

function jsonReader(fields: readonly Field[]): ReadLine {
  return (text, values, present) => {
    const document = parseJson(text);
    fields.forEach(({ path }, index) => {
      const value = toMeasurement(valueAtPath(document, path));
      present[index] = value !== undefined;
      values[index] = value ?? Number.NaN;
    });
    return present.includes(true);
  };
}

function start(
  host: DriverHost,
  about: Reader & { serial: SerialSettings; fields: readonly Field[] },
): { stop(): void } {
  const { fields, read, fitsRest } = about;
  let framer = new LineFramer(lineMaxBytes);
  const t = new Float64Array(1);
  const values = new Float64Array(fields.length);
  const present = fields.map(() => false);
  const cells = fields.map(() => new Float64Array(1));
  const columns: (Float64Array | undefined)[] = [...cells];
  function take(frame: LineFrame, atUs: number): void {
    if (frame.kind === 'discarded') host.discard(frame.reason, frame.sizeBytes);
    else if (read(frame.text, values, present)) host.emit(stamp(atUs), toColumns());
    else host.discard('no-match', frame.text.length);
  }
  function stamp(atUs: number): Float64Array {
    t[0] = atUs;
    return t;
  }
  function toColumns(): Columns {
    fields.forEach(({ scale, offset }, index) => {
      cells[index]![0] = values[index]! * scale + offset;
      columns[index] = present[index] === true ? cells[index] : undefined;
    });
    return columns;
  }
  host.openSerial(about.serial, {
    bytes: (chunk, atUs, midway) =>
      framer.push(chunk, midway && fitsRest).forEach((frame) => take(frame, atUs)),
    reset: () => {
      // A line cut off by the end of the port may be half a number: it is not a reading.
      for (const frame of framer.flush()) {
        host.discard('cut-off', frame.kind === 'line' ? frame.text.length : frame.sizeBytes);
      }
      framer = new LineFramer(lineMaxBytes);
    },
  });
  return { stop: () => undefined };
}
