/** A stretch of time on an axis, in µs UTC. */
export interface TimeSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** What an axis can show at once, in µs: 10 ms to ten years. */
export const spanLimitsUs = { shortest: 10_000, longest: 3650 * 86_400e6 } as const;

/** The earliest time of an axis, in µs: nothing was measured before 1970. */
const earliestUs = 0;

/**
 * A span of a length that an axis can show, which does not reach beyond `latestUs`; it keeps its length and is
 * pushed back instead. Both ends are whole milliseconds: an address names them so.
 */
export function clampSpan(span: TimeSpan, latestUs: number): TimeSpan {
  const { shortest, longest } = spanLimitsUs;
  const lengthUs = Math.min(longest, Math.max(shortest, span.toUs - span.fromUs));
  const middleUs = (span.fromUs + span.toUs) / 2;
  const toUs = Math.max(earliestUs + lengthUs, Math.min(latestUs, middleUs + lengthUs / 2));
  return { fromUs: wholeMs(toUs - lengthUs), toUs: wholeMs(toUs) };
}

/** The span `factor` times as long (below 1: closer) that keeps `aroundUs` where it stands on the axis. */
export function zoomSpan(span: TimeSpan, factor: number, aroundUs: number): TimeSpan {
  return {
    fromUs: aroundUs - (aroundUs - span.fromUs) * factor,
    toUs: aroundUs + (span.toUs - aroundUs) * factor,
  };
}

/** The span moved by `parts` of its own length; negative: back in time. */
export function panSpan({ fromUs, toUs }: TimeSpan, parts: number): TimeSpan {
  const byUs = (toUs - fromUs) * parts;
  return { fromUs: fromUs + byUs, toUs: toUs + byUs };
}

/**
 * The span in which two times stand at two places of the axis (0: its beginning, 1: its end): what two fingers
 * that hold two points of a picture ask for. Undefined where the places are one.
 */
export function spanThrough(
  first: { readonly timeUs: number; readonly at: number },
  second: { readonly timeUs: number; readonly at: number },
): TimeSpan | undefined {
  const lengthUs = (second.timeUs - first.timeUs) / (second.at - first.at);
  if (!Number.isFinite(lengthUs) || lengthUs <= 0) return undefined;
  const fromUs = first.timeUs - first.at * lengthUs;
  return { fromUs, toUs: fromUs + lengthUs };
}

function wholeMs(timeUs: number): number {
  return Math.round(timeUs / 1000) * 1000;
}
