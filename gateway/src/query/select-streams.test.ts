import type { StreamInfo } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { groupStreams, isPattern, isStreamSelector, selectStreams } from './select-streams.ts';

const streams = [
  ['b/air/temperature', 'Cel'],
  ['a/air/temperature', 'Cel'],
  ['a/air/humidity', '%RH'],
  ['c/air/temperature', 'V'],
].map(([stream = '', unit = '']): StreamInfo => {
  const [device = '', sensor = '', quantity = ''] = stream.split('/');
  const about = { device, sensor, quantity, unit, type: 'x', kind: 'readings', window: null } as const;
  return { ...about, stream, lastT: null, lastValue: null };
});

test('names and patterns select each stream once, by name', () => {
  const select = (...selectors: string[]): string[] =>
    selectStreams(streams, selectors).map(({ stream }) => stream);
  expect(select('*/air/temperature', 'a/air/temperature')).toEqual(['a/air/temperature', 'b/air/temperature', 'c/air/temperature']); // prettier-ignore
  expect(select('a/*/*')).toEqual(['a/air/humidity', 'a/air/temperature']);
  expect(select('*')).toHaveLength(4);
  expect(select('a/air')).toEqual([]);
});

test('groups share a value and a unit', () => {
  const sites: Record<string, string> = { a: 'north', b: 'north', c: 'north' };
  const all = selectStreams(streams, ['*/air/temperature']);
  const groups = groupStreams(all, 'site', ({ device }) => sites[device]);
  expect(groups.map(({ name, streams: members }) => [name, members.length])).toEqual([['site=north', 2], ['site=north', 1]]); // prettier-ignore
  expect(groupStreams(all, 'site', () => undefined)).toEqual([]);
});

test.each([
  ['*', true],
  ['*/air/*', true],
  ['a/air/temperature', true],
  ['a/air', false],
  ['a//temperature', false],
  ['a/b/c/d', false],
  ['', false],
])('“%s” selects streams: %s', (text, isOne) => {
  expect(isStreamSelector(text)).toBe(isOne);
});

test('only a whole part is a pattern', () => {
  expect([isPattern('a/*/b'), isPattern('*'), isPattern('a/b/c')]).toEqual([true, true, false]);
});
