import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { DialectOptions } from '../../config/dialect-schema.ts';
import { Dialect } from './dialect.ts';

/** A recorded message: `text` or `hex`. */
interface Recorded {
  readonly topic: string;
  readonly text?: string;
  readonly hex?: string;
}

const receivedAtUs = 1_700_000_000_000_000;
const folder = import.meta.dirname;
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((each) => each.isDirectory() && existsSync(join(folder, each.name, 'cases')))
  .flatMap(({ name }) => readdirSync(join(folder, name, 'cases')).map((each) => join(name, 'cases', each)));

function read(path: string, file: string): unknown {
  return parse(readFileSync(join(folder, path, file), 'utf8'));
}

/** Each reading as a line `stream unit time value`, each refusal and each answer as one of its own. */
function linesOf(dialect: Dialect, { topic, text, hex }: Recorded): string[] {
  const names = dialect.namesOf(topic);
  if (!names) return [`denied ${JSON.stringify(topic)}`];
  const payload = hex === undefined ? Buffer.from(text ?? '') : Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
  const content = dialect.read({ topic, payload, names, receivedAtUs });
  if (!content.ok) return [`refused ${content.refusal.code}`];
  const { readings, isHistorical, reply } = content.value;
  return [
    ...readings.map(({ device, sensor, quantity, unit, timeUs, value }) => {
      const time = timeUs === receivedAtUs ? 'now' : timeUs;
      return `${isHistorical ? 'historical ' : ''}${device}/${sensor}/${quantity} ${unit} ${time} ${value ?? 'refused'}`;
    }),
    ...(reply ? [`asks on ${reply.topic}`] : []),
  ];
}

describe('recorded messages', () => {
  test('there are some of every dialect', () => {
    const dialects = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
    for (const { name } of dialects) expect(cases.some((each) => each.startsWith(name))).toBe(true);
  });

  test.each(cases)('%s', (path) => {
    const dialect = new Dialect({
      account: 'bridge',
      ...(read(path, 'dialect.yaml') as object),
    } as DialectOptions);
    const messages = read(path, 'messages.yaml') as Recorded[];
    const expected = readFileSync(join(folder, path, 'expected.txt'), 'utf8')
      .trim()
      .split('\n');
    expect(messages.flatMap((each) => linesOf(dialect, each))).toEqual(expected);
  });
});
