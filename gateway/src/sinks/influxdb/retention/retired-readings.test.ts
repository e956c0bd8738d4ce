import { streamName } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import { expect, test } from 'vitest';
import { noteTimes } from './note-times.ts';
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
  retired.note(50, 'porch');
  retired.watch(0, 100);
  retired.note(100, 'porch');
  expect([retired.isWatching, retired.disturbedBy]).toEqual([true, undefined]);
  retired.note(99, 'porch');
  expect(retired.disturbedBy).toBe('porch');
  retired.unwatch();
  expect(retired.isWatching).toBe(false);
  retired.watch(0, 100);
  expect(retired.disturbedBy).toBeUndefined();
});

test.each([
  // Before anything is retired, whatever is older is a point.
  { untilUs: -Infinity, fromUs: 200, noted: [-5, 50, 99, 100, 199, 200, 299] },
  { untilUs: 100, fromUs: 200, noted: [100, 199, 200, 299] },
  { untilUs: 200, fromUs: 200, noted: [200, 299] },
  // A shard that was made later reaches back behind what is retired.
  { untilUs: 200, fromUs: 100, noted: [100, 199, 200, 299] },
])(
  'of what is written while [$fromUs, 300) is watched, what was retired before $untilUs disturbs nothing',
  (watched) => {
    const state = { seenTo: 0, streams: {} };
    const { untilUs } = watched;
    const retired = new RetiredReadings(untilUs === -Infinity ? undefined : { ...state, untilUs });
    const noted = [-5, 50, 99, 100, 199, 200, 299, 300, 400].filter((timeUs) => {
      retired.watch(watched.fromUs, 300);
      const sensors = [
        {
          sensor: 'air',
          type: 'thermometer',
          kind: 'gaps' as const,
          from: Float64Array.of(timeUs),
          to: Float64Array.of(timeUs + 1),
          reason: ['cable'],
        },
      ];
      noteTimes(sampleBatch({ device: 'porch', sensors }), retired);
      return retired.disturbedBy === 'porch';
    });
    expect(noted).toEqual(watched.noted);
  },
);
