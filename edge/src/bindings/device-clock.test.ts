import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceClock, type DeviceClockOptions } from './device-clock.ts';
import type { SyncEvidence } from './time-sources.ts';

const sec = 1_000_000;
const trueUs = Date.UTC(2026, 5, 1) * 1000;

/** A machine whose clocks the test sets: booted `upUs` ago. */
function machine(
  wallUs: number,
  options: Omit<DeviceClockOptions, 'sources'> & { evidence?: SyncEvidence } = {},
) {
  const host = {
    wallUs,
    monotonicUs: 5 * sec,
    evidence: options.evidence ?? 'none',
    /** What happens before the wall clock is looked at, and behind it. */
    holdUp: (): void => undefined,
  };
  const clock = new DeviceClock({
    ...options,
    sources: {
      wallUs: () => {
        host.holdUp();
        const seenUs = host.wallUs;
        host.holdUp();
        return seenUs;
      },
      monotonicUs: () => host.monotonicUs,
      evidence: () => host.evidence,
    },
  });
  const pass = (us: number): void => {
    host.wallUs += us;
    host.monotonicUs += us;
  };
  return { host, clock, pass };
}

it('tells the time since the boot until the wall clock is plausible, and UTC from then on', () => {
  const { host, clock, pass } = machine(3 * sec);
  expect([clock.nowUs(), clock.quality()]).toEqual([5 * sec, 'unset']);
  pass(10 * sec);
  host.wallUs = trueUs;
  expect([clock.nowUs(), clock.quality()]).toEqual([trueUs, 'synced']);
  expect(clock.base).toMatchObject({ generation: 1, offsetUs: trueUs - 15 * sec, step: undefined });
});

it('counts on by the monotonic clock within the steps of the wall clock', () => {
  const { host, clock } = machine(trueUs);
  clock.nowUs();
  host.monotonicUs += 700;
  expect(clock.nowUs()).toBe(trueUs + 700);
});

it.each([3600 * sec, -3600 * sec])('follows a wall clock that is stepped by %i µs, and says so', (step) => {
  const { host, clock } = machine(trueUs);
  clock.nowUs();
  host.wallUs += step;
  expect(clock.nowUs()).toBe(trueUs + step);
  expect(clock.base.step).toEqual({ fromUs: trueUs, toUs: trueUs + step });
  expect(clock.base.newestUs).toBe(Math.max(trueUs, trueUs + step));
});

it('takes being held up between two looks at clocks for no step of either', () => {
  const { host, clock, pass } = machine(trueUs);
  clock.nowUs();
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 100_000 }),
      (before, after) => {
        const held = [before, after];
        host.holdUp = () => pass(held.shift() ?? 0);
        const { generation, offsetUs } = clock.base;
        clock.nowUs();
        host.holdUp = () => undefined;
        expect(clock.base).toMatchObject({ generation, offsetUs });
      },
    ),
  );
});

it('keeps its time when the wall clock falls back to 1970, and says that it holds over', () => {
  const { host, clock, pass } = machine(trueUs);
  clock.nowUs();
  host.wallUs = 0;
  pass(sec);
  expect([clock.nowUs(), clock.quality()]).toEqual([trueUs + sec, 'holdover']);
});

it('does not believe a clock that a time service has yet to set, until it has or the boot is long ago', () => {
  const waiting = machine(trueUs, { evidence: 'waiting' });
  expect(waiting.clock.quality()).toBe('unset');
  waiting.pass(2 * sec);
  waiting.host.evidence = 'synced';
  expect(waiting.clock.quality()).toBe('synced');
  const never = machine(trueUs, { evidence: 'waiting', settleUs: 60 * sec });
  never.pass(54 * sec);
  expect(never.clock.quality()).toBe('unset');
  never.pass(2 * sec);
  expect(never.clock.quality()).toBe('holdover');
});

it('doubts a clock that is before a time it has seen, for a while', () => {
  const { clock, pass } = machine(trueUs, { settleUs: 60 * sec });
  clock.doubtBefore(trueUs + 3600 * sec);
  expect(clock.quality()).toBe('unset');
  pass(61 * sec);
  expect(clock.nowUs()).toBe(trueUs + 61 * sec);
});

/** The receiver `position` says the time, each second, so often; it arrives late by some milliseconds. */
function tell(
  { clock, pass }: ReturnType<typeof machine>,
  about: { utcUs: number; times: number; lateUs?: (index: number) => number },
): void {
  for (let index = 0; index < about.times; index++) {
    const lateUs = about.lateUs?.(index) ?? 0;
    pass(lateUs);
    clock.hear('position', about.utcUs + index * sec, clock.nowUs());
    pass(sec - lateUs);
  }
}

const receiver = { sensor: 'position', delayUs: 0 };

describe('a clock whose source is a receiver of satellite time', () => {
  it('is set by what some of its times agree on, whatever the wall clock says', () => {
    const device = machine(trueUs - 7 * 86_400 * sec, { receiver });
    tell(device, { utcUs: trueUs, times: 2 });
    expect(device.clock.quality()).toBe('unset');
    tell(device, { utcUs: trueUs + 2 * sec, times: 1 });
    expect([device.clock.nowUs(), device.clock.quality()]).toEqual([trueUs + 3 * sec, 'synced']);
    device.host.wallUs = 0;
    expect(device.clock.nowUs()).toBe(trueUs + 3 * sec);
    device.pass(301 * sec);
    expect([device.clock.nowUs(), device.clock.quality()]).toEqual([trueUs + 304 * sec, 'holdover']);
  });

  it('takes the sentence that came least late, and does not follow the jitter of the others', () => {
    const device = machine(0, { receiver: { ...receiver, delayUs: 50_000 } });
    tell(device, { utcUs: trueUs, times: 60, lateUs: (index) => 50_000 + ((index * 37) % 80) * 1000 });
    const errorUs = device.clock.nowUs() - (trueUs + 60 * sec);
    expect(Math.abs(errorUs)).toBeLessThan(100_000);
    expect(device.clock.base.generation).toBe(1);
  });

  it('does not believe another sensor, nor a single time of its own that is off', () => {
    const device = machine(0, { receiver });
    for (let index = 0; index < 20; index++) device.clock.hear('other', trueUs, device.clock.nowUs());
    expect(device.clock.quality()).toBe('unset');
    tell(device, { utcUs: trueUs, times: 5 });
    tell(device, { utcUs: trueUs + 86_400 * sec, times: 1 });
    expect(device.clock.nowUs()).toBe(trueUs + 6 * sec);
  });

  it('follows a step that lasts, and a leap second', () => {
    const device = machine(0, { receiver });
    tell(device, { utcUs: trueUs, times: 5 });
    tell(device, { utcUs: trueUs + 4 * sec, times: 5 });
    expect(device.clock.nowUs()).toBe(trueUs + 9 * sec);
    tell(device, { utcUs: trueUs + 3600 * sec, times: 12 });
    expect(device.clock.nowUs()).toBe(trueUs + 3612 * sec);
  });

  it('sees through a week counter that falls back while it runs', () => {
    const device = machine(0, { receiver });
    tell(device, { utcUs: trueUs, times: 5 });
    // Times below the floor of all clocks are no times at all; one rollover later they are.
    const rolloverUs = 1024 * 7 * 86_400 * sec;
    tell(device, { utcUs: trueUs + 5 * sec + rolloverUs, times: 40 });
    expect(device.clock.nowUs()).toBe(trueUs + 45 * sec);
  });

  it('goes by the wall clock until the receiver speaks, where a time service has set that', () => {
    const device = machine(trueUs, { receiver, evidence: 'synced' });
    expect([device.clock.nowUs(), device.clock.quality()]).toEqual([trueUs, 'synced']);
    tell(device, { utcUs: trueUs + 5 * sec, times: 12 });
    expect(device.clock.nowUs()).toBe(trueUs + 17 * sec);
  });

  it('never leaves the truth for wrong times that are fewer than right ones, however late they arrive', () => {
    const time = fc.record({
      isWrong: fc.nat(4).map((each) => each === 0),
      lateUs: fc.integer({ min: 0, max: 90_000 }),
      offUs: fc.integer({ min: -4e12, max: 4e12 }),
    });
    fc.assert(
      fc.property(fc.array(time, { minLength: 20, maxLength: 200 }), (times) => {
        const device = machine(0, { receiver });
        tell(device, { utcUs: trueUs, times: 3 });
        let wrongSeries = 0;
        times.forEach(({ isWrong, lateUs, offUs }, index) => {
          wrongSeries = isWrong ? wrongSeries + 1 : 0;
          const utcUs = trueUs + (3 + index) * sec;
          const isBelievable = wrongSeries > 2 && Math.abs(offUs) < 2 * sec;
          tell(device, {
            utcUs: isWrong && !isBelievable ? utcUs + offUs : utcUs,
            times: 1,
            lateUs: () => lateUs,
          });
          const errorUs = device.clock.nowUs() - (utcUs + sec);
          expect(Math.abs(errorUs)).toBeLessThanOrEqual(200_000);
        });
      }),
    );
  });
});
