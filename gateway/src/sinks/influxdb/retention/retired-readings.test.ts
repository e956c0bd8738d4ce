import { streamName } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { RetiredReadings } from './retired-readings.ts';

const stream = streamName('porch', 'air', 'temperature');
const dropping = {
  fromUs: 0,
  toUs: 100,
  counted: { [stream]: 12 },
  removed: { [stream]: { readings: 10, lastT: 99, lastValue: 3 } },
  staying: '',
};

test('shards that go count as they were until they are gone, also after a restart in between', () => {
  const retired = new RetiredReadings();
  expect(retired.state()).toBeUndefined();
  retired.keep(7);
  retired.beginDrop(dropping);
  const other = new RetiredReadings(retired.state());
  for (const each of [retired, other]) {
    expect([each.untilUs, each.goneUntilUs, each.countOf(stream), each.total]).toEqual([
      -Infinity,
      100,
      12,
      0,
    ]);
    each.endDrop();
    each.endDrop();
    expect([each.untilUs, each.goneUntilUs, each.countOf(stream), each.total]).toEqual([100, 100, 10, 10]);
    expect(each.state()).toEqual({ untilUs: 100, seenTo: 7, streams: dropping.removed });
  }
});

test('a drop that was not made durable has not begun', () => {
  const retired = new RetiredReadings();
  retired.beginDrop(dropping);
  retired.cancelDrop();
  retired.endDrop();
  expect([retired.state(), retired.countOf(stream)]).toEqual([undefined, 0]);
});

test('what a write counts that is repeated is counted once', () => {
  const retired = new RetiredReadings();
  retired.beginDrop(dropping);
  retired.endDrop();
  for (const offset of [5, 6]) {
    retired.begin();
    retired.count(stream, { readings: 1, lastT: 50, lastValue: 9 });
    if (offset === 6) retired.keep(offset);
  }
  expect(retired.of(stream)).toEqual({ readings: 11, lastT: 99, lastValue: 3 });
  expect(retired.seenTo).toBe(6);
});

test('what is written for the time that is watched is noted', () => {
  const retired = new RetiredReadings();
  retired.note(50);
  retired.watch(100);
  retired.note(100);
  expect([retired.isWatching, retired.isDisturbed]).toEqual([true, false]);
  retired.note(99);
  expect(retired.isDisturbed).toBe(true);
  retired.unwatch();
  expect(retired.isWatching).toBe(false);
  retired.watch(100);
  expect(retired.isDisturbed).toBe(false);
});
