import { accepted, refused, type Result } from '@fieldline/protocol';
import type { Adapter, DialectContent, DialectMessage, DialectReading } from '../adapter.ts';
import { readText } from '../text.ts';
import { parseLine, type Line } from './parse-line.ts';

/** Lines of one message. */
const linesMax = 10_000;

/** Nanoseconds in each precision; microseconds of a reading are what a thousand of them make. */
const nanoseconds = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n } as const;

/** How lines are read. */
export interface LineProtocolOptions {
  /** Of the times; Telegraf's own is `ns`. */
  readonly precision: keyof typeof nanoseconds;
}

/**
 * InfluxDB's line protocol over MQTT, as Telegraf's `outputs.mqtt` sends it. Names for the templates: `measurement`,
 * and each tag as `tag.NAME`. A field is a quantity; text fields are none, and are left out.
 */
export class LineProtocolAdapter implements Adapter {
  readonly #options: LineProtocolOptions;

  constructor(options: LineProtocolOptions) {
    this.#options = options;
  }

  read({ payload, receivedAtUs }: DialectMessage): Result<DialectContent> {
    const text = readText(payload);
    if (!text.ok) return text;
    const lines = text.value.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
    if (lines.length > linesMax)
      return refused('DIALECT_UNREADABLE', `${lines.length} lines; at most ${linesMax}.`);
    const readings: DialectReading[] = [];
    for (const [index, each] of lines.entries()) {
      const line = parseLine(each.trimEnd());
      if (typeof line === 'string') return refused('DIALECT_UNREADABLE', `Line ${index + 1}: ${line}.`);
      readings.push(...this.#readingsOf(line, receivedAtUs));
    }
    return accepted({ readings });
  }

  #readingsOf({ measurement, tags, fields, time }: Line, receivedAtUs: number): DialectReading[] {
    const ofTags = Object.entries(tags).map(([key, value]): [string, string] => [`tag.${key}`, value]);
    const names = { measurement, ...Object.fromEntries(ofTags) };
    const timeUs =
      time === undefined ? receivedAtUs : Number((time * nanoseconds[this.#options.precision]) / 1000n);
    return fields.flatMap(([quantity, value]) =>
      value === undefined ? [] : [{ names, quantity, timeUs, value }],
    );
  }
}
