import type { ReadingsBlock } from '@fieldline/protocol';
import type { MappedReading } from '../adapters/dialect.ts';

interface Row {
  readonly timeUs: number;
  readonly values: Map<string, number>;
}

interface Group {
  readonly sensor: string;
  readonly type: string;
  readonly units: Map<string, string>;
  readonly rows: Row[];
  /** The newest row of each time. */
  readonly byTime: Map<number, Row>;
}

/**
 * Joins readings into blocks, a row for each time of a sensor. A quantity that comes twice at one time gets two
 * rows, one that changes its unit two blocks: nothing is overwritten. What is no number is left out.
 */
export function readingsToBlocks(readings: readonly MappedReading[]): ReadingsBlock[] {
  const groups: Group[] = [];
  for (const reading of readings) {
    const { quantity, timeUs, value } = reading;
    if (value === undefined) continue;
    const group = groupOf(groups, reading);
    const known = group.byTime.get(timeUs);
    const row = known && !known.values.has(quantity) ? known : newRow(group, timeUs);
    row.values.set(quantity, value);
  }
  return groups.map(toBlock);
}

function groupOf(groups: Group[], { sensor, type, quantity, unit }: MappedReading): Group {
  const known = groups.find(
    (group) => group.sensor === sensor && group.type === type && (group.units.get(quantity) ?? unit) === unit,
  );
  if (known) {
    known.units.set(quantity, unit);
    return known;
  }
  const group = {
    sensor,
    type,
    units: new Map([[quantity, unit]]),
    rows: [],
    byTime: new Map<number, Row>(),
  };
  groups.push(group);
  return group;
}

function newRow({ rows, byTime }: Group, timeUs: number): Row {
  const row = { timeUs, values: new Map<string, number>() };
  rows.push(row);
  byTime.set(timeUs, row);
  return row;
}

function toBlock({ sensor, type, units, rows }: Group): ReadingsBlock {
  const sorted = rows.toSorted((a, b) => a.timeUs - b.timeUs);
  const fields = [...units].map(([quantity, unit]) => {
    const v = Float64Array.from(sorted, ({ values }) => values.get(quantity) ?? Number.NaN);
    return [quantity, { unit, v }] as const;
  });
  return {
    sensor,
    type,
    kind: 'readings',
    t: Float64Array.from(sorted, ({ timeUs }) => timeUs),
    fields: Object.fromEntries(fields),
  };
}
