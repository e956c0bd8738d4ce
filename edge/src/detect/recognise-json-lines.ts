import { parseTemperature } from '../drivers/thermometer/parse-temperature.ts';
import { fieldsMax } from '../fields/field-settings.ts';
import { parseJson } from '../fields/json-to-value.ts';
import type { Recognition } from './recognition.ts';
import { suggestFields, type UnnamedField } from './suggest-fields.ts';

/** How deep values are looked for. */
const depthMax = 4;

/** JSON lines that have the same numbers in them. */
export function recogniseJsonLines(lines: readonly string[]): Recognition | undefined {
  const found = lines.map((line) => numbersOf(parseJson(line), '', 0));
  const [first = []] = found;
  const paths = first.map(({ path }) => path);
  const same = found.every(
    (each) => each.length === paths.length && each.every(({ path }, at) => path === paths[at]),
  );
  if (!same || paths.length === 0 || paths.length > fieldsMax) return undefined;
  const sample = lines.at(-1) ?? '';
  const isThermometer = paths.length === 1 && lines.every((line) => parseTemperature(line) !== undefined);
  if (isThermometer) {
    const quantities = [{ quantity: 'temperature', unit: 'Cel' }];
    return {
      format: 'json',
      frames: lines.length,
      sample,
      quantities,
      sensor: { driver: 'thermometer', settings: {} },
    };
  }
  const suggested = suggestFields(
    first.map(({ path, value }) => ({ label: lastKey(path), suffix: '', value })),
  );
  const fields = Object.fromEntries(
    suggested.map(({ quantity, ...keys }, at) => [
      quantity,
      { ...keys, ...(quantity === paths[at] ? {} : { path: paths[at] }) },
    ]),
  );
  const quantities = suggested.map(({ quantity, unit }) => ({ quantity, unit }));
  return {
    format: 'json',
    frames: lines.length,
    sample,
    quantities,
    sensor: { driver: 'line', settings: { fields } },
  };
}

interface Leaf {
  readonly path: string;
  readonly value: UnnamedField['value'];
}

/** The numbers of a document, with paths as the driver `line` takes them. */
function numbersOf(value: unknown, path: string, depth: number): Leaf[] {
  if (typeof value === 'number') return depth > 0 ? [{ path, value }] : [];
  if (typeof value !== 'object' || value === null || depth >= depthMax) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    // A key with a dot would need a JSON pointer, and is rare enough to be left to people.
    key.includes('.') || key === '' ? [] : numbersOf(each, path === '' ? key : `${path}.${key}`, depth + 1),
  );
}

/** The key that says what it is: `volts` of `volts.0`. */
function lastKey(path: string): string {
  const keys = path.split('.').filter((key) => !/^\d+$/.test(key));
  return keys.at(-1) ?? '';
}
