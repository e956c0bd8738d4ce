import type { Batch, ReadingsBlock, SensorBlock } from '@fieldline/protocol';
import { countReadings } from '@fieldline/protocol';
import { SensorPipeline, type StreamPlan } from '../aggregator/sensor-pipeline.ts';
import { resolveJoins } from '../config/resolve-joins.ts';
import { resolveTransforms } from '../config/resolve-transforms.ts';
import { Ledger, ledgerDifferences } from '../ledger/ledger.ts';
import { LatestReadings } from '../transforms/join/latest-readings.ts';
import type { TransformKeys } from '../transforms/transform-keys.ts';

/** One stream of a case: as in the configuration of an agent. */
export interface CaseStream {
  readonly unit: string;
  readonly transforms?: TransformKeys;
  /** Length in seconds; raw readings where it is left out. */
  readonly windowSec?: number;
}

/** A reading that left a pipeline: seconds, value, and its quality where it is not good. */
export type CarriedReading = [sec: number, value: number, quality?: string];

const qualityNames = ['good', 'uncertain', 'bad'];

/** Real pipelines of some sensors, whose transforms are resolved as those of a configuration; raw readings come out. */
export class TransformRig {
  readonly ledger = new Ledger();
  readonly units: Record<string, string> = {};
  readonly carried: Record<string, CarriedReading[]> = {};
  readonly #pipelines = new Map<string, SensorPipeline>();

  /** Throws where the transforms are not valid, with all that is wrong. */
  constructor(sensors: Readonly<Record<string, Readonly<Record<string, CaseStream>>>>) {
    const plans = Object.entries(sensors).map(([id, streams]) => ({
      id,
      streams: Object.entries(streams).map(([quantity, stream]) => planOf(quantity, stream)),
    }));
    const { sensors: joined, problems } = resolveJoins(plans);
    if (problems.length > 0) throw new TypeError(problems.map(({ reason }) => reason).join(' '));
    const latest = new LatestReadings();
    const { ledger } = this;
    for (const { id, streams } of joined) {
      for (const { quantity, unit } of streams) this.units[`${id}/${quantity}`] = unit;
      const options = { sensor: id, type: 'case', streams, latenessUs: 0, startedAtUs: 0, ledger, latest };
      this.#pipelines.set(id, new SensorPipeline(options));
    }
  }

  /** One block: a time a row in seconds, and a column a quantity; undefined where it is absent. */
  emit(sensor: string, sec: readonly number[], columns: readonly (readonly number[] | undefined)[]): void {
    const t = Float64Array.from(sec, (each) => each * 1e6);
    const values = columns.map((column) => (column ? Float64Array.from(column) : undefined));
    this.#pipelines.get(sensor)?.emit(t, values);
  }

  interrupt(sensor: string): void {
    this.#pipelines.get(sensor)?.interrupt(0, 1, 'case');
  }

  /** Lets time pass, and seals. Answers where the account does not add up. */
  seal(sec: number): string[] {
    for (const pipeline of this.#pipelines.values()) pipeline.closeDue(sec * 1e6);
    return this.#take();
  }

  /** The end: what was held is let go. Answers where the account does not add up. */
  finish(): string[] {
    for (const pipeline of this.#pipelines.values()) pipeline.closeAll(0);
    return this.#take();
  }

  #take(): string[] {
    const sensors = [...this.#pipelines.values()].flatMap((pipeline) => pipeline.take());
    const batch: Pick<Batch, 'sensors'> = { sensors };
    for (const [name, count] of countReadings(batch)) this.ledger.stream(name).batched += count;
    sensors.filter(isReadings).forEach((block) => this.#note(block));
    const open = new Map<string, number>();
    for (const pipeline of this.#pipelines.values()) pipeline.countOpen(open);
    return ledgerDifferences(this.ledger.snapshot(open));
  }

  #note(block: ReadingsBlock): void {
    for (const [quantity, { v, q }] of Object.entries(block.fields)) {
      const carried = (this.carried[`${block.sensor}/${quantity}`] ??= []);
      v.forEach((value, row) => {
        const quality = qualityNames[q?.[row] ?? 0] ?? '';
        const sec = (block.t[row] ?? Number.NaN) / 1e6;
        if (!Number.isNaN(value)) carried.push(quality === 'good' ? [sec, value] : [sec, value, quality]);
      });
    }
  }
}

function isReadings(block: SensorBlock): block is ReadingsBlock {
  return block.kind === 'readings';
}

function planOf(
  quantity: string,
  { unit: given, transforms: keys = [], windowSec = 0 }: CaseStream,
): StreamPlan {
  const { transforms, unit, problems } = resolveTransforms(keys, { own: given, driver: given }, [quantity]);
  const [problem] = problems;
  if (problem) throw new TypeError(`${problem.path.join('.')}: ${problem.reason}`);
  const window = windowSec === 0 ? 'none' : `${windowSec}s`;
  return { quantity, unit, window, windowUs: windowSec * 1e6, sketch: false, transforms };
}

/** The readings that one stream of `value`s lets through, fed in blocks of the given length. */
export function runStream(
  transforms: TransformKeys,
  readings: readonly (readonly [sec: number, value: number])[],
  options: { unit?: string; blockRows?: number } = {},
): { carried: CarriedReading[]; reasons: Record<string, number>; differences: string[]; unit: string } {
  const rig = new TransformRig({ air: { value: { unit: options.unit ?? 'Cel', transforms } } });
  const rows = options.blockRows ?? Math.max(1, readings.length);
  for (let from = 0; from < readings.length; from += rows) {
    const block = readings.slice(from, from + rows);
    rig.emit(
      'air',
      block.map(([sec]) => sec),
      [block.map(([, value]) => value)],
    );
  }
  const differences = rig.finish();
  return {
    carried: rig.carried['air/value'] ?? [],
    reasons: rig.ledger.reasons()['air/value'] ?? {},
    differences,
    unit: rig.units['air/value'] ?? '',
  };
}
