import { checkSketch } from '../aggregate/index.ts';
import { maxUnitLength, type ReadingsBlock, type WindowsBlock, type WindowsField } from '../schema/index.ts';
import { batchLimits } from './limits.ts';
import { windowColumns } from './wire-names.ts';
import { invalid } from './wire-problem.ts';
import {
  readArray,
  readBytes,
  readCodes,
  readFloats,
  readIntegers,
  readName,
  readObject,
  readOptionalBoolean,
  readRecord,
  readText,
  type ValueBudget,
} from './wire-reader.ts';

const unit = new RegExp(`^[\\x21-\\x7e]{1,${maxUnitLength}}$`);
/** `10s`, `count:100`, `session`. */
const windowKind = /^[a-z0-9][a-z0-9:._-]{0,31}$/;
const quantities = { max: batchLimits.quantities };
const qualityMax = 2;

/** A block of readings; see `ReadingsBlock`. */
export function readReadings(value: unknown, path: string, budget: ValueBudget): ReadingsBlock {
  const block = readObject(value, path, ['sensor', 'type', 'kind', 't', 'fields', 'extra?']);
  const extra = readOptionalBoolean(block['extra'], `${path}.extra`);
  const t = readIntegers(block['t'], `${path}.t`, budget);
  const { length } = t;
  return {
    sensor: readName(block['sensor'], `${path}.sensor`),
    type: readName(block['type'], `${path}.type`),
    kind: 'readings',
    t,
    fields: readRecord(block['fields'], `${path}.fields`, quantities, (entry, at) => {
      const field = readObject(entry, at, ['unit', 'v', 'q?']);
      const v = readFloats(field['v'], `${at}.v`, budget, length);
      const read = { unit: readText(field['unit'], `${at}.unit`, unit), v };
      if (field['q'] === undefined) return read;
      return { ...read, q: readCodes(field['q'], `${at}.q`, budget, { length, max: qualityMax }) };
    }),
    ...(extra !== undefined && { extra }),
  };
}

/** A block of windows; see `WindowsBlock`. */
export function readWindows(value: unknown, path: string, budget: ValueBudget): WindowsBlock {
  const keys = ['sensor', 'type', 'kind', 'window', 'start', 'end', 'partial?', 'fields', 'extra?'];
  const block = readObject(value, path, keys);
  const extra = readOptionalBoolean(block['extra'], `${path}.extra`);
  const start = readIntegers(block['start'], `${path}.start`, budget);
  const { length } = start;
  const end = readIntegers(block['end'], `${path}.end`, budget, { length });
  const backwards = end.findIndex((bound, index) => bound < start[index]!);
  if (backwards >= 0) throw invalid(`${path}.end[${backwards}]`, 'before the start of its window');
  return {
    sensor: readName(block['sensor'], `${path}.sensor`),
    type: readName(block['type'], `${path}.type`),
    kind: 'windows',
    window: readText(block['window'], `${path}.window`, windowKind),
    start,
    end,
    ...(block['partial'] !== undefined && {
      partial: readCodes(block['partial'], `${path}.partial`, budget, { length, max: 1 }),
    }),
    fields: readRecord(block['fields'], `${path}.fields`, quantities, (entry, at) =>
      readWindowsField(entry, at, budget, length),
    ),
    ...(extra !== undefined && { extra }),
  };
}

function readWindowsField(value: unknown, path: string, budget: ValueBudget, length: number): WindowsField {
  const field = readObject(value, path, ['unit', ...windowColumns, 'sketch?']);
  const column = (name: (typeof windowColumns)[number]): Float64Array =>
    readFloats(field[name], `${path}.${name}`, budget, length);
  const count = readIntegers(field['count'], `${path}.count`, budget, { length, min: 0 });
  const read = {
    unit: readText(field['unit'], `${path}.unit`, unit),
    count,
    sum: column('sum'),
    min: column('min'),
    max: column('max'),
    first: column('first'),
    last: column('last'),
    m2: column('m2'),
  };
  checkPresence(read, path);
  if (field['sketch'] === undefined) return read;
  return { ...read, sketch: readSketches(field['sketch'], `${path}.sketch`, count) };
}

/** A window without readings has no other values, and one with readings has all of them. */
function checkPresence(field: WindowsField, path: string): void {
  for (const name of windowColumns) {
    if (name === 'count') continue;
    const column = field[name];
    for (let index = 0; index < column.length; index++) {
      if (Number.isNaN(column[index]) !== (field.count[index] === 0)) {
        const found = field.count[index] === 0 ? 'a value in a window of no readings' : 'absent';
        throw invalid(`${path}.${name}[${index}]`, found);
      }
    }
  }
}

function readSketches(value: unknown, path: string, count: Float64Array): (Uint8Array | null)[] {
  const entries = readArray(value, path, count.length);
  if (entries.length !== count.length)
    throw invalid(path, `${entries.length} sketches for ${count.length} windows`);
  return entries.map((entry, index) => (entry === null ? null : readSketch(entry, `${path}[${index}]`)));
}

function readSketch(value: unknown, path: string): Uint8Array {
  const bytes = readBytes(value);
  if (!bytes) throw invalid(path, 'neither bytes nor null');
  const sketch = checkSketch(bytes);
  if (!sketch.ok) throw invalid(path, sketch.refusal.detail);
  return new Uint8Array(bytes);
}
