import type { AlertCondition } from '@fieldline/protocol';

/** Whether a pattern, in which each part may be `*`, covers a stream; `*` alone covers all. */
export function coversStream(pattern: string, stream: string): boolean {
  if (pattern === '*') return true;
  const [wanted, given] = [pattern.split('/'), stream.split('/')];
  return (
    wanted.length === given.length && wanted.every((part, index) => part === '*' || part === given[index])
  );
}

/** The streams that a condition looks at, of those that there are; a fence looks at latitudes and longitudes. */
export function streamsOf(condition: AlertCondition, streams: readonly string[]): string[] {
  if (condition.kind === 'geofence') {
    const sensors = condition.sensors === '*' ? '*/*' : condition.sensors;
    return streams.filter((stream) =>
      ['lat', 'lon'].some((name) => coversStream(`${sensors}/${name}`, stream)),
    );
  }
  if (!('streams' in condition)) return [];
  return streams.filter((stream) => coversStream(condition.streams, stream));
}

/** Whether what is told of `subject` (a stream, or a sensor with a position) concerns a stream. */
export function concerns(subject: string, stream: string): boolean {
  return stream === subject || stream.startsWith(`${subject}/`);
}
