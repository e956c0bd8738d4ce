import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TransformRig, type CarriedReading, type CaseStream } from '../testing/transform-case.ts';
import { transforms } from './registry.ts';

/** A case: sensors as configured, what their drivers yield, and what leaves the device. */
interface Case {
  readonly about: string;
  readonly sensors: Record<string, Record<string, CaseStream>>;
  /** In order: a row of a sensor (`values`: one a quantity, null where absent), an interruption, or the clock. */
  readonly input: readonly (
    | { readonly sensor: string; readonly at: number; readonly values: readonly (number | null)[] }
    | { readonly interrupt: string }
    | { readonly clock: number }
  )[];
  readonly units?: Record<string, string>;
  readonly expected: Record<string, readonly CarriedReading[]>;
  readonly reasons?: Record<string, Record<string, number>>;
}

const folder = import.meta.dirname;
const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\/cases\/[^/]+\.yaml$/.test(path))
  .sort();

describe('recorded cases', () => {
  it.each(paths)('%s', (path) => {
    const each = parse(readFileSync(`${folder}/${path}`, 'utf8'), { merge: true }) as Case;
    const rig = new TransformRig(each.sensors);
    for (const step of each.input) {
      if ('clock' in step) expect(rig.seal(step.clock)).toEqual([]);
      else if ('interrupt' in step) rig.interrupt(step.interrupt);
      else
        rig.emit(
          step.sensor,
          [step.at],
          step.values.map((value) => (value === null ? undefined : [value])),
        );
    }
    expect(rig.finish()).toEqual([]);
    expect(rounded(rig.carried)).toEqual(rounded(each.expected));
    expect(rig.ledger.reasons()).toEqual(each.reasons ?? {});
    expect(rig.units).toMatchObject(each.units ?? {});
  });

  it('exist for every transform', () => {
    const named = new Set(paths.map((path) => basename(dirname(dirname(path)))));
    expect(transforms.filter(({ name }) => !named.has(name)).map(({ name }) => name)).toEqual([]);
  });
});

/** To nine digits: what is expected was computed elsewhere. */
function rounded(carried: Readonly<Record<string, readonly CarriedReading[]>>): unknown {
  return Object.fromEntries(
    Object.entries(carried).map(([name, readings]) => [
      name,
      readings.map(([sec, value, ...quality]) => [
        sec,
        Number(Number(value.toPrecision(9)).toFixed(9)),
        ...quality,
      ]),
    ]),
  );
}
