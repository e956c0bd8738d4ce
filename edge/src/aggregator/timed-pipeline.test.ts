import type { SensorBlock } from '@fieldline/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceClock } from '../bindings/device-clock.ts';
import { Ledger } from '../ledger/ledger.ts';
import { TimedPipeline } from './timed-pipeline.ts';

const sec = 1_000_000;
const trueUs = Date.UTC(2026, 5, 1) * 1000;
const name = 'air/temperature';

function rig(wallUs: number, window: 'none' | '10s', latenessUs = 0) {
  const host = { wallUs, monotonicUs: 5 * sec };
  const clock = new DeviceClock({
    sources: {
      wallUs: () => host.wallUs,
      monotonicUs: () => host.monotonicUs,
      evidence: () => 'none',
    },
  });
  const ledger = new Ledger();
  const windowUs = window === 'none' ? 0 : 10 * sec;
  const streams = [{ quantity: 'temperature', unit: 'Cel', window, windowUs, sketch: false }];
  const startedAtUs = clock.nowUs();
  const options = { sensor: 'air', type: 't', streams, latenessUs, startedAtUs, ledger };
  const pipeline = new TimedPipeline(options, clock);
  const pass = (us: number): void => {
    host.wallUs += us;
    host.monotonicUs += us;
  };
  const emit = (value: number): void =>
    pipeline.emit(Float64Array.of(clock.nowUs()), [Float64Array.of(value)]);
  return { host, clock, ledger, pipeline, pass, emit };
}

/** Readings by time, of blocks of raw readings. */
function readings(blocks: readonly SensorBlock[]): [tUs: number, value: number][] {
  return blocks.flatMap((block) =>
    block.kind === 'readings'
      ? [...block.t].map((tUs, row): [number, number] => [tUs, block.fields['temperature']?.v[row] ?? NaN])
      : [],
  );
}

interface Row {
  startUs: number;
  count: number;
  partial: boolean;
}

function windows(blocks: readonly SensorBlock[]): Row[] {
  return blocks.flatMap((block) =>
    block.kind === 'windows'
      ? [...block.start].map((startUs, row) => ({
          startUs,
          count: block.fields['temperature']?.count[row] ?? 0,
          partial: block.partial?.[row] === 1,
        }))
      : [],
  );
}

describe('a device that boots in 1970', () => {
  it('holds its readings, and delivers them at the right times once it knows the time', () => {
    const { host, pipeline, pass, emit } = rig(0, 'none');
    for (let index = 0; index < 5; index++) {
      emit(index);
      pass(sec);
    }
    expect(pipeline.take()).toEqual([]);
    host.wallUs = trueUs + 5 * sec;
    emit(5);
    expect(readings(pipeline.take())).toEqual(
      Array.from({ length: 6 }, (_, index) => [trueUs + index * sec, index]),
    );
  });

  it('makes aligned windows of what it held, the first one partial', () => {
    const { host, pipeline, pass, emit, clock } = rig(0, '10s');
    pass(3 * sec);
    for (let index = 0; index < 30; index++) {
      emit(index);
      pass(sec);
    }
    host.wallUs = trueUs + 34 * sec;
    pipeline.closeDue(clock.nowUs());
    expect(windows(pipeline.take())).toEqual([
      { startUs: trueUs, count: 6, partial: true },
      { startUs: trueUs + 10 * sec, count: 10, partial: false },
      { startUs: trueUs + 20 * sec, count: 10, partial: false },
    ]);
  });

  it('leaves the times of a receiver as they are, and counts them from the boot where it has to give them up', () => {
    const { host, pipeline, pass, emit, clock } = rig(0, 'none');
    emit(1);
    pass(sec);
    pipeline.emit(Float64Array.of(trueUs, trueUs + 1000), [Float64Array.of(2, 3)]);
    const before = rig(0, 'none');
    before.pipeline.emit(Float64Array.of(trueUs, trueUs + 1000), [Float64Array.of(2, 3)]);
    expect(before.pipeline.takeUnset(true).flatMap(readings)).toEqual([
      [5 * sec - 1000, 2],
      [5 * sec, 3],
    ]);
    host.wallUs = trueUs + sec;
    pipeline.closeDue(clock.nowUs());
    expect(readings(pipeline.take())).toEqual([
      [trueUs, 1],
      [trueUs, 2],
      [trueUs + 1000, 3],
    ]);
  });

  it('keeps what is uncertain of what it holds, with its reason, whether or not transforms mark', () => {
    const { host, pipeline, pass, clock, ledger } = rig(0, 'none');
    pipeline.emit(Float64Array.of(6 * sec), [Float64Array.of(1)], 'week-rollover');
    pass(2 * sec);
    pipeline.emit(Float64Array.of(7 * sec), [Float64Array.of(2)]);
    host.wallUs = trueUs;
    pipeline.closeDue(clock.nowUs());
    const [block] = pipeline.take();
    const field = block?.kind === 'readings' ? block.fields['temperature'] : undefined;
    expect([...(field?.v ?? [])]).toEqual([1, 2]);
    expect([...(field?.q ?? [])]).toEqual([1, 0]);
    expect(Object.fromEntries(ledger.stream(name).reasons)).toEqual({ 'marked-week-rollover': 1 });
  });

  it('gives up what it holds at the end, with the times of its boot and an account that adds up', () => {
    const { pipeline, pass, emit, ledger } = rig(0, 'none');
    pipeline.gap(trueUs - sec, 5 * sec, 'restart');
    emit(1);
    pass(sec);
    emit(2);
    expect(pipeline.takeUnset(false)).toEqual([]);
    const [blocks = []] = pipeline.takeUnset(true);
    expect(readings(blocks)).toEqual([
      [5 * sec, 1],
      [6 * sec, 2],
    ]);
    expect(ledger.stream(name).taken).toBe(2);
    expect(pipeline.takeUnset(true)).toEqual([]);
  });

  it('places a gap that began in an earlier run and ended with the boot', () => {
    const { host, pipeline, clock } = rig(0, 'none');
    pipeline.gap(trueUs - sec, 5 * sec, 'restart');
    host.wallUs = trueUs + 60 * sec;
    pipeline.closeDue(clock.nowUs());
    expect(pipeline.take()[0]).toMatchObject({
      kind: 'gaps',
      from: Float64Array.of(trueUs - sec),
      to: Float64Array.of(trueUs + 60 * sec),
    });
  });
});

describe('a clock that is stepped', () => {
  it('forward: leaves a gap with its bounds, and two partial windows', () => {
    const { host, pipeline, pass, emit, clock } = rig(trueUs, '10s');
    pass(11 * sec);
    emit(1);
    host.wallUs += 3600 * sec;
    emit(2);
    pass(20 * sec);
    pipeline.closeDue(clock.nowUs());
    const blocks = pipeline.take();
    const [first, second] = windows(blocks);
    expect(first).toEqual({ startUs: trueUs + 10 * sec, count: 1, partial: true });
    expect(second).toEqual({ startUs: trueUs + 3610 * sec, count: 1, partial: true });
    const gap = blocks.find((block) => block.kind === 'gaps');
    expect(gap).toMatchObject({ reason: ['clock-step'], from: Float64Array.of(trueUs + 11 * sec) });
  });

  it('back: calls no reading late, and the second half of a window partial', () => {
    const { host, pipeline, pass, emit, clock, ledger } = rig(trueUs, '10s');
    for (let index = 0; index < 25; index++) {
      emit(index);
      pass(sec);
      pipeline.closeDue(clock.nowUs());
    }
    host.wallUs -= 20 * sec;
    for (let index = 0; index < 30; index++) {
      emit(index);
      pass(sec);
      pipeline.closeDue(clock.nowUs());
    }
    pipeline.closeAll(clock.nowUs());
    const rows = windows(pipeline.take());
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(55);
    expect(ledger.stream(name)).toMatchObject({ taken: 55, filtered: 0, lost: 0 });
    expect(rows.slice(3).filter(({ startUs }) => startUs < trueUs + 30 * sec)).toSatisfy((again: Row[]) =>
      again.every(({ partial }) => partial),
    );
  });
});

describe('whatever the clock does', () => {
  const move = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('pass'), us: fc.integer({ min: 1, max: 8 * sec }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('step'), us: fc.integer({ min: -9e9, max: 9e9 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('set'), us: fc.integer({ min: 0, max: 9e9 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset'), us: fc.constant(0) }) },
  );

  it('every reading is in exactly one window, and a window seen again is partial', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(move, { maxLength: 60 }), (isSet, moves) => {
        const { host, pipeline, pass, emit, clock, ledger } = rig(isSet ? trueUs : 0, '10s');
        const blocks: SensorBlock[] = [];
        let emitted = 0;
        for (const { kind, us } of moves) {
          if (kind === 'pass') pass(us);
          else if (kind === 'step') host.wallUs += us;
          else host.wallUs = kind === 'set' ? trueUs + us : 0;
          emit(emitted);
          emitted += 1;
          pipeline.closeDue(clock.nowUs());
          blocks.push(...pipeline.take());
          const open = new Map<string, number>();
          pipeline.countOpen(open);
          const carried = windows(blocks).reduce((sum, { count }) => sum + count, 0);
          expect(carried + (open.get(name) ?? 0)).toBe(ledger.stream(name).taken);
        }
        pipeline.closeAll(clock.nowUs());
        blocks.push(...pipeline.take(), ...pipeline.takeUnset(true).flat());
        const rows = windows(blocks);
        expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(emitted);
        expect(ledger.stream(name)).toMatchObject({ taken: emitted, filtered: 0, lost: 0 });
        const seen = new Set<number>();
        for (const { startUs, partial } of rows) {
          if (seen.has(startUs)) expect(partial).toBe(true);
          seen.add(startUs);
        }
      }),
      { numRuns: 300 },
    );
  });
});
