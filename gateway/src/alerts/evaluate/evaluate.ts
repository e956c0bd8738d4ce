import type { CompiledRule } from './compiled-rule.ts';
import { judge, type Verdict } from './judge.ts';
import type { Observation, Track, Transition } from './track.ts';

/** The track after one step, and what changed, in order of time. */
export interface Step {
  readonly track: Track;
  readonly transitions: readonly Transition[];
}

const noTransitions: readonly Transition[] = [];

/**
 * Takes one observation. The result depends on rule, track and observation alone, never on a clock: so live evaluation
 * and a back-test of the same readings give the same, however the readings were cut into batches. An observation
 * older than the newest changes nothing (see `isLate`).
 */
export function observe(rule: CompiledRule, track: Track, observation: Observation): Step {
  if (isLate(track, observation)) return { track, transitions: noTransitions };
  const { track: aged, transitions: before } = advance(rule, track, observation.tUs);
  const verdict = judge(rule.judge, aged, observation);
  const seen: Track = {
    ...aged,
    ...verdict.memory,
    lastUs: observation.tUs,
    lastValue: verdict.figure,
  };
  const { track: next, transitions } = settle(rule, seen, verdict, observation.tUs);
  return { track: next, transitions: before.length === 0 ? transitions : [...before, ...transitions] };
}

/** Whether an observation is older than what has been judged already. */
export function isLate(track: Track, { tUs }: Pick<Observation, 'tUs'>): boolean {
  return track.lastUs !== null && tUs < track.lastUs;
}

/**
 * Lets time pass up to `nowUs`. Only silence grows with it: every other condition has held as long as its
 * observations show, and no longer.
 */
export function advance({ judge: how, forUs }: CompiledRule, track: Track, nowUs: number): Step {
  if (how.kind !== 'silence' || track.lastUs === null) return { track, transitions: noTransitions };
  const overFromUs = track.lastUs + how.afterUs;
  const silentSec = how.afterUs / 1e6;
  let next = track;
  const transitions: Transition[] = [];
  if (next.phase === 'clear' && nowUs >= overFromUs) {
    next = { ...next, phase: 'pending', sinceUs: overFromUs, lastValue: silentSec };
    transitions.push({ to: 'pending', atUs: overFromUs, sinceUs: overFromUs, value: silentSec });
  }
  if (next.phase === 'pending' && nowUs >= next.sinceUs + forUs) {
    const atUs = next.sinceUs + forUs;
    next = { ...next, phase: 'firing', firedAtUs: atUs };
    transitions.push({ to: 'firing', atUs, sinceUs: next.sinceUs, value: silentSec });
  }
  return { track: next, transitions };
}

/** Pending, firing, and over: what a verdict at `tUs` makes of the phase. */
function settle(rule: CompiledRule, track: Track, verdict: Verdict, tUs: number): Step {
  const { phase } = track;
  const value = verdict.figure;
  if (verdict.says === 'under') {
    if (phase === 'clear') return { track, transitions: noTransitions };
    const to = phase === 'firing' ? 'resolved' : 'cleared';
    return {
      track: { ...track, phase: 'clear' },
      transitions: [{ to, atUs: tUs, sinceUs: track.sinceUs, value }],
    };
  }
  const transitions: Transition[] = [];
  let next = track;
  if (phase === 'clear' && verdict.says === 'over') {
    const { sinceUs } = verdict;
    next = { ...next, phase: 'pending', sinceUs };
    transitions.push({ to: 'pending', atUs: tUs, sinceUs, value });
  }
  if (next.phase === 'pending' && tUs >= next.sinceUs + rule.forUs) {
    next = { ...next, phase: 'firing', firedAtUs: tUs };
    transitions.push({ to: 'firing', atUs: tUs, sinceUs: next.sinceUs, value });
  }
  return { track: next, transitions };
}
