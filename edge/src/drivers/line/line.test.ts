import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { driverCases, outcomeOf, runDriver, type ExpectedOutcome } from '../../testing/driver-cases.ts';
import { LinePattern } from './line-pattern.ts';
import { line } from './line.ts';

/** What the driver makes of bytes that arrive in chunks of this size. */
function read(settings: object, bytes: Uint8Array, chunkBytes: number): ExpectedOutcome {
  const host = runDriver(line, { ...settings, port: '/dev/null' });
  for (let at = 0; at < bytes.length; at += chunkBytes)
    host.feed(bytes.subarray(at, at + chunkBytes), at === 0);
  host.interrupt();
  const { rows, discarded } = outcomeOf(host);
  return { rows: rows.map(textNonFinite), discarded };
}

/** JSON has no words for values that are not finite. */
function textNonFinite(row: Record<string, number>): Record<string, number> {
  const entries = Object.entries(row).map(([key, value]) => [
    key,
    Number.isFinite(value) ? value : String(value),
  ]);
  return Object.fromEntries(entries);
}

describe('a recorded line', () => {
  const cases = driverCases(import.meta.url);
  it.each(cases)('$name, split at every byte too', ({ directory, settings, expected }) => {
    const bytes = readFileSync(join(directory, 'input.txt'));
    expect(read(settings, bytes, bytes.length)).toEqual(expected);
    expect(read(settings, bytes, 1)).toEqual(expected);
  });
});

function match(pattern: string, text: string): number[] | undefined {
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const parsed = LinePattern.parse(pattern, names);
  if (!parsed.ok) throw new Error(parsed.refusal.detail);
  const into = new Float64Array(names.length);
  return parsed.value.match(text, into) ? [...into] : undefined;
}

describe('a pattern', () => {
  it.each<[string, string, number[]]>([
    ['{a}', ' 1.5 ', [1.5]],
    ['{a} {b}', '1\t \t-2', [1, -2]],
    ['{*}{a}', 'about 7', [7]],
    ['{*} {a}{*}', 'xy 3 4 z', [3]],
    ['{{{a}}}', '{5}', [5]],
    ['R{*}:{a}', 'R1 (left): 3', [3]],
    ['{a}°', '21.5°', [21.5]],
  ])('%j reads %j', (pattern, text, values) => expect(match(pattern, text)).toEqual(values));

  it.each([
    ['{a}', ''],
    ['{a}', '1 2'],
    ['{a}', '1,5'],
    ['{a} {b}', '12'],
    ['T={a}', 't=1'],
    ['{*}T={a}', 'OUT=x T=1'],
  ])('%j does not read %j', (pattern, text) => expect(match(pattern, text)).toBeUndefined());

  it.each([
    ['{a}{b}', 'between them'],
    ['{a} {a}', 'twice'],
    ['{a}', '{b} does not stand'],
    ['{c} {a} {b}', 'none of the fields a, b'],
    ['{*}{*}', 'side by side'],
    ['{a} {b', 'partner'],
    ['{a} b}', 'partner'],
  ])('%j is refused', (pattern, reason) => {
    const parsed = LinePattern.parse(pattern, ['a', 'b']);
    expect(parsed.ok ? 'accepted' : parsed.refusal.detail).toContain(reason);
  });

  it('takes time in proportion to the line, whatever both are', () => {
    const pattern = `${'{*}a{*}b'.repeat(20)}{*}1{v}`;
    const hostile = ['a', 'ab', '1', '+', '1.', '1e', 'nan', ' ', '-'].map((text) =>
      text.repeat(1024).slice(0, 1024),
    );
    const startMs = performance.now();
    for (let round = 0; round < 100; round++) for (const text of hostile) match(pattern, text);
    // 900 lines; a matcher that goes back would take years for one.
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});

it.each([
  [{ fields: { T: { unit: 'Cel' } } }, 'not a name'],
  [{ fields: { t: { unit: 'Celsius' } } }, 'SenML registry'],
  [{ fields: {} }, 'fields'],
  [{ fields: { t: { unit: 'Cel', path: 'x' } }, pattern: '{t}' }, 'without `pattern`'],
  [{ fields: { t: { unit: 'Cel' } }, pattern: '{x}' }, 'pattern'],
])('settings %j are refused', (settings, reason) => {
  const bound = line.bind({ port: '/dev/null', ...settings });
  expect(bound.ok ? 'accepted' : bound.refusal.detail).toContain(reason);
});
