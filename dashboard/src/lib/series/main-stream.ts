import type { StreamInfo } from '@fieldline/protocol';

/** Quantities that tell most of a device, the most telling first. */
const telling = ['temperature', 'speed', 'voltage', 'altitude'];

/** Quantities that say little as a single line. */
const least = ['hdop', 'satellites', 'course', 'lat', 'lon'];

function rank(stream: StreamInfo): number {
  const high = telling.indexOf(stream.quantity);
  if (high >= 0) return high;
  const low = least.indexOf(stream.quantity);
  return telling.length + (low < 0 ? 0 : 1 + low);
}

/** The streams of a device in the order in which they are shown: telling ones first, then by name. */
export function orderStreams<Info extends StreamInfo>(streams: readonly Info[]): Info[] {
  return streams.toSorted((a, b) => rank(a) - rank(b) || (a.stream < b.stream ? -1 : 1));
}

/** True where the stream is half of a position: it belongs on a map. */
export function isPosition(stream: StreamInfo): boolean {
  return stream.unit === 'lat' || stream.unit === 'lon';
}
