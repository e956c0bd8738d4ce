import type { StreamInfo } from '@fieldline/protocol';
import { StreamPatterns } from '../sinks/live/stream-pattern.ts';

/** Streams that are one series of an answer. */
export interface StreamGroup {
  /** The stream's name where there is one stream, else what they have in common: `site=north`. */
  readonly name: string;
  /** The value that they share; null where they are not grouped. */
  readonly value: string | null;
  readonly streams: readonly StreamInfo[];
}

/** Whether a text stands for any number of streams. */
export function isPattern(text: string): boolean {
  return text.split('/').includes('*');
}

/** Whether it has the parts of a stream's name, each of which may be `*`, or is `*` alone. */
export function isStreamSelector(text: string): boolean {
  const parts = text.split('/');
  return text === '*' || (parts.length === 3 && parts.every((part) => part !== ''));
}

/** The streams of the list that names and patterns select, each once, by name. */
export function selectStreams(known: readonly StreamInfo[], selectors: readonly string[]): StreamInfo[] {
  const patterns = new StreamPatterns(selectors);
  return known
    .filter(({ stream }) => patterns.matchesStream(stream))
    .sort((a, b) => (a.stream < b.stream ? -1 : 1));
}

/** Each stream as a series of its own. */
export function oneEach(streams: readonly StreamInfo[]): StreamGroup[] {
  return streams.map((info) => ({ name: info.stream, value: null, streams: [info] }));
}

/**
 * Streams grouped by what `valueOf` says of each, and by their units, since a mean of degrees and volts means nothing. Those
 * of which it says nothing are left out.
 */
export function groupStreams(
  streams: readonly StreamInfo[],
  by: string,
  valueOf: (info: StreamInfo) => string | undefined,
): StreamGroup[] {
  const groups = new Map<string, { value: string; streams: StreamInfo[] }>();
  for (const info of streams) {
    const value = valueOf(info);
    if (value === undefined) continue;
    const key = JSON.stringify([value, info.unit]);
    const group = groups.get(key);
    if (group) group.streams.push(info);
    else groups.set(key, { value, streams: [info] });
  }
  return Array.from(groups.values(), (group) => ({ name: `${by}=${group.value}`, ...group }));
}
