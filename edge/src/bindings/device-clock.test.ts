import { expect, it } from 'vitest';
import { DeviceClock, type DeviceClockOptions } from './device-clock.ts';
import type { SyncEvidence } from './time-sources.ts';

const sec = 1_000_000;
const trueUs = Date.UTC(2026, 5, 1) * 1000;

/** A machine whose clocks the test sets: booted `upUs` ago. */
function machine(
  wallUs: number,
  options: Omit<DeviceClockOptions, 'sources'> & { evidence?: SyncEvidence } = {},
) {
  const host = { wallUs, monotonicUs: 5 * sec, evidence: options.evidence ?? 'none' };
  const clock = new DeviceClock({
    ...options,
    sources: {
      wallUs: () => host.wallUs,
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

it('is set by a receiver of satellite time, if that is its source, whatever the wall clock says', () => {
  const { clock, pass, host } = machine(trueUs - 7 * 86_400 * sec, { followsWallClock: false });
  const heardUs = clock.nowUs();
  pass(2 * sec);
  clock.setTime(trueUs, heardUs);
  expect([clock.nowUs(), clock.quality()]).toEqual([trueUs + 2 * sec, 'synced']);
  host.wallUs = 0;
  expect(clock.nowUs()).toBe(trueUs + 2 * sec);
  clock.setTime(trueUs + 3 * sec, clock.nowUs());
  expect(clock.nowUs()).toBe(trueUs + 3 * sec);
});
