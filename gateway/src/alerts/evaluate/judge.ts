import type { Judge } from './compiled-rule.ts';
import type { Observation, Track } from './track.ts';

/** Earlier observations kept for a rate: one a hundredth of its time, and the one that it is taken from. */
const pastMax = 102;

/**
 * What one observation says: `over` from `sinceUs` on, `under`, or `between` limit and hysteresis (then everything
 * stays as it was). `figure` is what was held against the limit; `memory` what to remember for the next one.
 */
export interface Verdict {
  readonly says: 'over' | 'under' | 'between';
  readonly sinceUs: number;
  readonly figure: number;
  readonly memory: Pick<Track, 'anchor' | 'past'>;
}

/** Judges one observation, which is not older than the newest of the track. */
export function judge(how: Judge, track: Track, observation: Observation): Verdict {
  const { tUs, value } = observation;
  switch (how.kind) {
    case 'threshold':
      return verdict(level(value * how.sign, how.limit, how.clear), tUs, value);
    case 'silence':
      return verdict('under', tUs, 0);
    case 'stuck':
      return judgeStuck(how, track, observation);
    case 'rate':
      return judgeRate(how, track, observation);
  }
}

function verdict(says: Verdict['says'], sinceUs: number, figure: number): Verdict {
  return { says, sinceUs, figure, memory: {} };
}

function level(figure: number, limit: number, clear: number): Verdict['says'] {
  if (figure > limit) return 'over';
  return figure <= clear ? 'under' : 'between';
}

function judgeStuck(how: Extract<Judge, { kind: 'stuck' }>, track: Track, observation: Observation): Verdict {
  const { anchor } = track;
  const same = anchor !== undefined && Math.abs(observation.value - anchor.value) <= how.tolerance;
  const kept = same ? anchor : observation;
  const overFromUs = kept.tUs + how.afterUs;
  const says = observation.tUs >= overFromUs ? 'over' : 'under';
  return { says, sinceUs: overFromUs, figure: observation.value, memory: { anchor: kept } };
}

/** The change since the newest observation that is at least `overUs` old, over the time that really lies between. */
function judgeRate(how: Extract<Judge, { kind: 'rate' }>, track: Track, observation: Observation): Verdict {
  const { tUs, value } = observation;
  const past = withoutUnneeded(track.past ?? [], tUs - how.overUs);
  const [from] = past;
  const memory = { past: remember(past, observation, how.overUs) };
  if (!from || from.tUs > tUs - how.overUs) {
    return { says: track.phase === 'clear' ? 'under' : 'between', sinceUs: tUs, figure: 0, memory };
  }
  const perSec = (value - from.value) / ((tUs - from.tUs) / 1e6);
  const size = { rising: perSec, falling: -perSec, changing: Math.abs(perSec) }[how.is];
  return { says: level(size, how.limitPerSec, how.clearPerSec), sinceUs: tUs, figure: perSec, memory };
}

/** Leaves the newest observation at or before `beforeUs` as the first, and what came after it. */
function withoutUnneeded(past: readonly Observation[], beforeUs: number): readonly Observation[] {
  let first = 0;
  while (first + 1 < past.length && (past[first + 1]?.tUs ?? Infinity) <= beforeUs) first++;
  return first === 0 ? past : past.slice(first);
}

function remember(
  past: readonly Observation[],
  observation: Observation,
  overUs: number,
): readonly Observation[] {
  const newest = past.at(-1);
  if (newest && observation.tUs - newest.tUs < overUs / (pastMax - 2)) return past;
  return [...past, observation].slice(-pastMax);
}
