import type { QueryAnswer } from '@fieldline/protocol';
import type { Overlay } from '../components/TimeChart/overlays.ts';
import type { QuantileName } from './exploration.svelte.ts';

/** How far back the day lies that is compared, in µs. */
export const dayUs = 86_400_000_000;

const dashes: Readonly<Record<QuantileName, readonly number[]>> = {
  p50: [1, 3],
  p95: [6, 3],
  p99: [10, 3, 2, 3],
};

/** The lines of quantiles of an answer, at the middle of its buckets; none of raw readings, which are their own. */
export function quantileLines(answer: QueryAnswer | undefined, names: readonly QuantileName[]): Overlay[] {
  if (!answer || answer.windowUs === 0) return [];
  const timeUs = middles(answer);
  return names.map((name) => ({ timeUs, values: answer[name], colour: 'line', dash: dashes[name] }));
}

/** The mean of an answer about the day before, moved to today. */
export function dayBeforeLine(answer: QueryAnswer | undefined): Overlay[] {
  if (!answer) return [];
  const timeUs = middles(answer).map((time) => time + dayUs);
  return [{ ...brokenAtGaps(timeUs, answer), colour: 'label', dash: [] }];
}

function middles({ t, windowUs }: QueryAnswer): number[] {
  return t.map((time) => time + windowUs / 2);
}

/** Buckets without a reading are left out of answers: where one is missing the line must not run on. */
function brokenAtGaps(
  timeUs: readonly number[],
  { mean, gaps }: QueryAnswer,
): Pick<Overlay, 'timeUs' | 'values'> {
  const times: number[] = [];
  const values: (number | null)[] = [];
  for (const [index, time] of timeUs.entries()) {
    const before = timeUs[index - 1];
    const broken =
      before !== undefined && gaps.some(([from, to]) => from + dayUs < time && to + dayUs > before);
    if (broken) {
      times.push((before + time) / 2);
      values.push(null);
    }
    times.push(time);
    values.push(mean[index] ?? null);
  }
  return { timeUs: times, values };
}
