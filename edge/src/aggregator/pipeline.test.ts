import { countReadings, type Batch, type SensorBlock, type WindowsBlock } from '@fieldline/protocol';
import { Moments } from '@fieldline/protocol/aggregate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger, ledgerDifferences } from '../ledger/ledger.ts';
import { SensorPipeline, type StreamPlan } from './sensor-pipeline.ts';

const second = 1_000_000;

function plan(quantity: string, windowUs: number): StreamPlan {
  const window = windowUs === 0 ? 'none' : `${windowUs / second}s`;
  return { quantity, unit: 'Cel', window, windowUs, sketch: false };
}

function pipelineOf(
  streams: readonly StreamPlan[],
  latenessUs = 0,
): { pipeline: SensorPipeline; ledger: Ledger } {
  const ledger = new Ledger();
  const pipeline = new SensorPipeline({
    sensor: 'air',
    type: 'thermometer',
    streams,
    latenessUs,
    startedAtUs: 0,
    ledger,
  });
  return { pipeline, ledger };
}

function windowsOf(blocks: readonly SensorBlock[]): WindowsBlock[] {
  return blocks.filter((block) => block.kind === 'windows');
}

const column = (...values: number[]): Float64Array => Float64Array.from(values);

describe('windows', () => {
  it('are closed by the clock, without any further reading, once the lateness has passed', () => {
    const { pipeline } = pipelineOf([plan('temperature', 10 * second)], second);
    pipeline.emit(column(3 * second), [column(20)]);
    pipeline.closeDue(11 * second - 1);
    expect(pipeline.take()).toEqual([]);
    pipeline.closeDue(11 * second);
    const [block] = windowsOf(pipeline.take());
    expect(block).toMatchObject({ window: '10s', start: column(0), end: column(10 * second) });
    expect(block?.partial).toBeUndefined();
  });

  it('take readings out of order within the lateness, and count later ones as filtered', () => {
    const { pipeline, ledger } = pipelineOf([plan('temperature', 10 * second)], 2 * second);
    pipeline.emit(column(12 * second, 9 * second, 11 * second), [column(1, 2, 3)]);
    pipeline.closeDue(12 * second);
    pipeline.emit(column(9.5 * second, 12 * second), [column(4, 5)]);
    pipeline.closeDue(22 * second);
    const [block] = windowsOf(pipeline.take());
    expect(block?.start).toEqual(column(0, 10 * second));
    expect(block?.fields['temperature']).toMatchObject({
      count: column(1, 3),
      first: column(2, 3),
      last: column(2, 5),
    });
    expect(ledger.reasons()).toEqual({ 'air/temperature': { late: 1 } });
  });

  it('are partial when a stop closes them early, or when the agent started within them', () => {
    const ledger = new Ledger();
    const streams = [plan('temperature', 10 * second)];
    const pipeline = new SensorPipeline({
      sensor: 'air',
      type: 't',
      streams,
      latenessUs: 0,
      startedAtUs: 3 * second,
      ledger,
    });
    pipeline.emit(column(4 * second, 12 * second, 25 * second), [column(1, 2, 3)]);
    pipeline.closeAll(26 * second);
    expect([...(windowsOf(pipeline.take())[0]?.partial ?? [])]).toEqual([1, 0, 1]);
  });

  it('are bounded in number: readings of senseless times are counted, not kept', () => {
    const { pipeline, ledger } = pipelineOf([plan('temperature', second)]);
    const t = Float64Array.from({ length: 1000 }, (_, index) => index * 7 * second);
    pipeline.emit(t, [new Float64Array(1000)]);
    expect(ledger.reasons()).toEqual({ 'air/temperature': { 'too-many-windows': 744 } });
  });

  it('hold the moments of exactly their readings, whatever the blocks', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.tuple(fc.integer({ min: 0, max: 59 }), fc.double({ min: -50, max: 50, noNaN: true })), {
            minLength: 1,
          }),
        ),
        (blocks) => {
          const { pipeline } = pipelineOf([plan('temperature', 10 * second)], 60 * second);
          const expected = new Map<number, Moments>();
          for (const block of blocks) {
            for (const [at, value] of block) {
              const start = Math.floor(at / 10) * 10 * second;
              const moments = expected.get(start) ?? new Moments();
              moments.record(value, at * second);
              expected.set(start, moments);
            }
            pipeline.emit(column(...block.map(([at]) => at * second)), [
              column(...block.map(([, value]) => value)),
            ]);
          }
          pipeline.closeDue(200 * second);
          const [windows] = windowsOf(pipeline.take());
          expect([...(windows?.start ?? [])]).toEqual([...expected.keys()].sort((a, b) => a - b));
          windows?.start.forEach((start, index) => {
            const moments = expected.get(start);
            const field = windows.fields['temperature'];
            expect(field?.count[index]).toBe(moments?.count);
            expect(field?.min[index]).toBe(moments?.min);
            expect(field?.max[index]).toBe(moments?.max);
            expect(field?.first[index]).toBe(moments?.first);
            expect(field?.sum[index]).toBeCloseTo(moments?.sum ?? Number.NaN, 6);
            expect(field?.m2[index]).toBeCloseTo(moments?.m2 ?? Number.NaN, 4);
          });
        },
      ),
    );
  });
});

describe('raw readings', () => {
  it('share their times; absent and dropped ones are NaN, rows without any value are left out', () => {
    const { pipeline } = pipelineOf([plan('lat', 0), plan('altitude', 0)]);
    pipeline.emit(column(1, 2, 3), [
      column(47, Number.NaN, 48),
      column(1, Number.POSITIVE_INFINITY, Number.NaN),
    ]);
    pipeline.emit(column(4), [column(49), undefined]);
    const [block] = pipeline.take();
    expect(block).toMatchObject({ kind: 'readings', t: column(1, 3, 4) });
    if (block?.kind !== 'readings') throw new Error('expected readings');
    expect(block.fields['lat']?.v).toEqual(column(47, 48, 49));
    expect(block.fields['altitude']?.v).toEqual(column(1, Number.NaN, Number.NaN));
    expect(pipeline.take()).toEqual([]);
  });

  it('of equal times are both kept', () => {
    const { pipeline } = pipelineOf([plan('lat', 0)]);
    pipeline.emit(column(5, 5), [column(1, 2)]);
    expect(pipeline.take()).toMatchObject([{ t: column(5, 5), fields: { lat: { v: column(1, 2) } } }]);
  });
});

describe('copies', () => {
  const hopping = { window: 'hop:10s:5s', lengthUs: 10 * second, everyUs: 5 * second };
  const trigger = { kind: 'level', level: 1, hysteresis: 0, edge: 'rising' } as const;
  const burst = { beforeUs: second, afterUs: second, ringSamples: 100, trigger };
  const values = [0, 0, 0, 5, 5, 5, Number.NaN, 0];
  const t = Float64Array.from(values, (_, index) => index * second);

  it('of readings, as bursts and hopping windows, are marked extra and not counted in the ledger', () => {
    for (const windowUs of [0, second]) {
      const { pipeline, ledger } = pipelineOf([{ ...plan('x', windowUs), hopping, burst }]);
      pipeline.emit(t, [Float64Array.from(values)]);
      pipeline.closeDue(60 * second);
      const blocks = pipeline.take();
      const copies = blocks.filter((block) => block.kind !== 'gaps' && block.extra);
      expect(copies).toMatchObject([
        { kind: 'windows', window: 'hop:10s:5s', fields: { x: { count: column(5, 7, 2) } } },
        {
          kind: 'readings',
          t: column(2 * second, 3 * second, 4 * second),
          fields: { x: { v: column(0, 5, 5) } },
        },
      ]);
      expect(countReadings({ sensors: blocks }).get('air/x')).toBe(7);
      expect(ledger.reasons()).toEqual({ 'air/x': { 'non-finite': 1, 'burst-triggers': 1 } });
      expect(pipeline.pendingRows).toBe(0);
    }
  });

  it('come by command, and not where no ring is', () => {
    const { pipeline } = pipelineOf([{ ...plan('x', second), burst }, plan('y', second)]);
    pipeline.emit(t, [new Float64Array(t.length), new Float64Array(t.length)]);
    expect(pipeline.burst(0)).toEqual({ x: { fromUs: 6 * second, toUs: 8 * second } });
    expect(() => pipeline.burst(0, 'y')).toThrow(expect.objectContaining({ code: 'SOURCE_NO_BURST' }));
  });
});

describe('the ledger', () => {
  /** A step of a run: a block of readings (times may jump, values may be none), the clock going on, a seal. */
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('emit' as const),
      rows: fc.array(
        fc.tuple(
          fc.integer({ min: -30, max: 30 }),
          fc.double({ min: -9, max: 9 }),
          fc.constantFrom(1, Number.NaN, Number.POSITIVE_INFINITY),
          fc.double(),
        ),
      ),
      absent: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ kind: fc.constant('seal' as const) }),
  );

  const count = { kind: 'count', readings: 7 } as const;
  const session = { kind: 'session', gapUs: 2 * second, maxUs: 20 * second } as const;
  const hopping = { window: 'hop:9s:2s', lengthUs: 9 * second, everyUs: 2 * second };
  const carried: readonly (readonly [string, readonly StreamPlan[]])[] = [
    ['windows of lengths and raw readings', [plan('a', 10 * second), plan('b', 0), plan('c', 3 * second)]],
    [
      'windows by count and session, and copies',
      [
        { ...plan('a', 0), window: 'count:7', shape: count },
        { ...plan('b', 0), window: 'session', shape: session, hopping },
        { ...plan('c', 3 * second), hopping },
      ],
    ],
  ];

  it.each(carried)('of %s adds up at each seal, and batched is what the batches carry', (_what, plans) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { pipeline, ledger } = pipelineOf(plans, second);
        const carried = new Map<string, number>();
        let nowUs = 1000 * second;
        let taken = 0;
        const seal = (): void => {
          pipeline.closeDue(nowUs);
          const batch = { sensors: pipeline.take() } as unknown as Batch;
          for (const [name, count] of countReadings(batch)) {
            ledger.stream(name).batched += count;
            carried.set(name, (carried.get(name) ?? 0) + count);
          }
          const open = new Map<string, number>();
          pipeline.countOpen(open);
          const totals = ledger.snapshot(open);
          expect(ledgerDifferences(totals)).toEqual([]);
          for (const [name, total] of Object.entries(totals))
            expect(total.batched).toBe(carried.get(name) ?? 0);
        };
        for (const each of steps) {
          if (each.kind === 'wait') nowUs += each.seconds * second;
          else if (each.kind === 'seal') seal();
          else {
            const t = Float64Array.from(each.rows, ([offset]) => nowUs + offset * second);
            const columns = [1, 2, 3].map((at) =>
              Float64Array.from(each.rows, (row) => row[at] ?? Number.NaN),
            );
            pipeline.emit(t, each.absent ? [columns[0], undefined, columns[2]] : columns);
            taken += each.rows.length * (each.absent ? 2 : 3);
          }
        }
        pipeline.closeAll(nowUs);
        seal();
        const totals = Object.values(ledger.snapshot(new Map()));
        expect(totals.reduce((sum, total) => sum + total.taken, 0)).toBe(taken);
        expect(totals.every(({ taken: all, filtered, batched }) => all === filtered + batched)).toBe(true);
      }),
    );
  });
});
