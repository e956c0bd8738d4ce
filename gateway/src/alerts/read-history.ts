import { parseDuration, type Result, type StreamInfo } from '@fieldline/protocol';
import { queryLimits, type Store } from '../query/store.ts';

/** One row of history: a reading, or a window at its end. */
export interface HistoryPoint {
  readonly tUs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** History in order of time; `windowUs` is the longest window in it, 0 where all of it are raw readings. */
export interface History {
  readonly points: readonly HistoryPoint[];
  readonly windowUs: number;
}

/** Questions that one stream may cost the store. */
const questionsMax = 100;

interface Range {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * Reads one stream as finely as the store keeps it: raw readings, or the windows that the device made; where that would be
 * more than `pointsMax` points or too many questions, in coarser windows. Refused as the store refuses a query.
 */
export async function readHistory(
  store: Pick<Store, 'query'>,
  stream: StreamInfo,
  range: Range,
  pointsMax: number,
): Promise<Result<History>> {
  const points: HistoryPoint[] = [];
  let windowUs = 0;
  let questions = 0;
  const waiting: Range[] = [range];
  for (let next = waiting.shift(); next && points.length < pointsMax; next = waiting.shift()) {
    questions++;
    const part = await store.query({
      streams: [nameOf(stream)],
      ...next,
      points: queryLimits.pointsMax,
      quantiles: false,
      exact: true,
    });
    if (!part.ok) return part;
    const isFine = part.value.windowUs <= finestUs(stream);
    if (!isFine && canBeCut(next, stream) && questions + waiting.length < questionsMax) {
      waiting.unshift(...halves(next));
      continue;
    }
    windowUs = Math.max(windowUs, part.value.windowUs);
    const { windowUs: lengthUs, columns } = part.value;
    const { t, mean, min, max } = columns;
    for (const [index, startUs] of t.entries()) {
      const value = mean[index];
      if (value === undefined || Number.isNaN(value)) continue;
      points.push({
        tUs: startUs + lengthUs,
        mean: value,
        min: min[index] ?? value,
        max: max[index] ?? value,
      });
    }
  }
  return { ok: true, value: { points: points.slice(0, pointsMax), windowUs } };
}

function nameOf({ device, sensor, quantity }: StreamInfo) {
  return { device, sensor, quantity };
}

/** The length of the stream's own windows; 0 for readings, and for windows without a length. */
function finestUs({ window }: StreamInfo): number {
  const length = window === null ? undefined : parseDuration(window);
  return length?.ok === true ? length.value : 0;
}

/** A range shorter than its finest window gives nothing finer when it is cut. */
function canBeCut({ fromUs, toUs }: Range, stream: StreamInfo): boolean {
  return stream.kind === 'readings' || finestUs(stream) > 0
    ? toUs - fromUs > 2 * Math.max(1, finestUs(stream))
    : false;
}

/** Cut at a whole second where there is one between, so that no window of the stream is cut. */
function halves({ fromUs, toUs }: Range): [Range, Range] {
  const middleUs = Math.floor((fromUs + toUs) / 2);
  const secondUs = Math.ceil(middleUs / 1e6) * 1e6;
  const cutUs = secondUs > fromUs && secondUs < toUs ? secondUs : middleUs;
  return [
    { fromUs, toUs: cutUs },
    { fromUs: cutUs, toUs },
  ];
}
