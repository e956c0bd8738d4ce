import { encodeLiveFrame } from '@fieldline/protocol/live';
import { readingsFrame } from '@fieldline/protocol/testing';
import { expect, test } from 'vitest';
import { LiveDecoder } from './live-decoder.ts';

const readings = {
  ids: Float64Array.of(4),
  counts: Float64Array.of(1),
  t: Float64Array.of(1_700_000_000_000_000),
  v: Float64Array.of(21.5),
};
const frame = encodeLiveFrame(readingsFrame(9, readings));
const bytes = (): ArrayBuffer => frame.slice().buffer;
const snapshot = (session: string): string =>
  JSON.stringify({ type: 'snapshot', session, seq: 1, nowUs: 1, devices: [], streams: [] });
const streams = JSON.stringify({ type: 'streams', seq: 1, ids: [[4, 'a/s/temperature', 'Cel', null]] });

test('a frame of bytes is the message that it stands for, once its numbers have names', () => {
  const decoder = new LiveDecoder();
  expect(decoder.decode(snapshot('one'))).toMatchObject({ type: 'snapshot' });
  expect(decoder.decode(bytes())).toMatchObject({ seq: 9, readings: [] });
  expect(decoder.decode(streams)).toBeUndefined();
  const told = [{ stream: 'a/s/temperature', unit: 'Cel', t: [1_700_000_000_000_000], v: [21.5] }];
  expect(decoder.decode(bytes())).toEqual({ type: 'delta', seq: 9, readings: told, windows: [], gaps: [] });
});

test('the numbers of another session mean nothing', () => {
  const decoder = new LiveDecoder();
  decoder.decode(snapshot('one'));
  decoder.decode(streams);
  decoder.decode(snapshot('one'));
  expect(decoder.decode(bytes())).toMatchObject({ readings: [{ stream: 'a/s/temperature' }] });
  decoder.decode(snapshot('two'));
  expect(decoder.decode(bytes())).toMatchObject({ readings: [] });
});

test('damaged bytes and nonsense are passed over', () => {
  const decoder = new LiveDecoder();
  for (const data of [
    new ArrayBuffer(3),
    bytes().slice(0, 9),
    '{',
    '[]',
    7,
    undefined,
    '{"type":"streams","ids":1}',
  ])
    expect(decoder.decode(data)).toBeUndefined();
});
