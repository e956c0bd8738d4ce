import {
  refused,
  type AlertRuleDraft,
  type AlertTestAnswer,
  type Result,
  type StreamInfo,
} from '@fieldline/protocol';
import { StreamPatterns } from '../sinks/live/stream-pattern.ts';
import type { Store } from '../query/store.ts';
import { compileRule, type CompiledRule } from './evaluate/compiled-rule.ts';
import { advance, observe } from './evaluate/evaluate.ts';
import { metresOutside } from './evaluate/fence.ts';
import { emptyTrack, type Observation, type Track, type Transition } from './evaluate/track.ts';
import { readHistory, type HistoryPoint } from './read-history.ts';

/** What one trial may cost. */
export const backTestLimits = {
  subjects: 50,
  intervals: 1000,
  /** Points read together. */
  points: 500_000,
} as const;

/** What a trial reads. */
export interface BackTestSources {
  readonly store: Pick<Store, 'query'>;
  readonly streams: () => readonly StreamInfo[];
}

interface Range {
  readonly fromUs: number;
  readonly toUs: number;
}
type Interval = AlertTestAnswer['intervals'][number];

/** One thing that the rule would look at, with the streams that tell of it. */
interface Subject {
  readonly name: string;
  readonly streams: readonly StreamInfo[];
}

/**
 * When a rule would have fired on what the store holds, by the evaluator that works live. Refused as ALERT_RULE_INVALID,
 * ALERT_NOT_TESTABLE, or as the store refuses a query.
 */
export async function backTest(
  draft: AlertRuleDraft,
  range: Range,
  sources: BackTestSources,
): Promise<Result<AlertTestAnswer>> {
  const compiled = compileRule(draft);
  if (!compiled.ok) return compiled;
  const found = subjectsOf(draft, sources.streams());
  if (!found) return refused('ALERT_NOT_TESTABLE', draft.condition.kind);
  const intervals: Interval[] = [];
  let readings = 0;
  let windowUs = 0;
  for (const subject of found.slice(0, backTestLimits.subjects)) {
    const history = await observationsOf(draft, subject, range, {
      ...sources,
      left: backTestLimits.points - readings,
    });
    if (!history.ok) return history;
    readings += history.value.observations.length;
    windowUs = Math.max(windowUs, history.value.windowUs);
    intervals.push(...intervalsOf(compiled.value, subject.name, history.value.observations, range.toUs));
  }
  const isTruncated = found.length > backTestLimits.subjects || intervals.length > backTestLimits.intervals;
  return {
    ok: true,
    value: {
      intervals: intervals.slice(0, backTestLimits.intervals),
      subjects: Math.min(found.length, backTestLimits.subjects),
      readings,
      windowUs,
      truncated: isTruncated || readings >= backTestLimits.points,
    },
  };
}

/** Undefined where no store holds what the condition looks at. */
function subjectsOf({ condition }: AlertRuleDraft, streams: readonly StreamInfo[]): Subject[] | undefined {
  switch (condition.kind) {
    case 'silent-device':
    case 'ledger':
    case 'device-alarm':
    case 'stage':
      return undefined;
    case 'geofence':
      return positionsOf(condition.sensors, streams);
    default: {
      const patterns = new StreamPatterns([condition.streams]);
      return streams
        .filter(({ stream }) => patterns.matchesStream(stream))
        .map((info) => ({ name: info.stream, streams: [info] }));
    }
  }
}

/** Sensors that have a latitude and a longitude. */
function positionsOf(pattern: string, streams: readonly StreamInfo[]): Subject[] {
  const patterns = new StreamPatterns([pattern === '*' ? '*' : `${pattern}/lat`]);
  return streams
    .filter(({ stream, quantity }) => quantity === 'lat' && patterns.matchesStream(stream))
    .flatMap((lat) => {
      const lon = streams.find(
        ({ device, sensor, quantity }) =>
          device === lat.device && sensor === lat.sensor && quantity === 'lon',
      );
      return lon ? [{ name: `${lat.device}/${lat.sensor}`, streams: [lat, lon] }] : [];
    });
}

async function observationsOf(
  { condition }: AlertRuleDraft,
  { streams }: Subject,
  range: Range,
  sources: BackTestSources & { readonly left: number },
): Promise<Result<{ observations: Observation[]; windowUs: number }>> {
  const [stream, other] = streams;
  if (!stream) return { ok: true, value: { observations: [], windowUs: 0 } };
  const history = await readHistory(sources.store, stream, range, sources.left);
  if (!history.ok) return history;
  const { points, windowUs } = history.value;
  if (condition.kind !== 'geofence' || !other) {
    const of = condition.kind === 'threshold' ? (condition.of ?? 'mean') : 'mean';
    return {
      ok: true,
      value: { observations: points.map((point) => ({ tUs: point.tUs, value: point[of] })), windowUs },
    };
  }
  const others = await readHistory(sources.store, other, range, sources.left);
  if (!others.ok) return others;
  const positions = joinPositions(points, others.value.points).map(({ tUs, lat, lon }) => ({
    tUs,
    value: metresOutside(condition.fence, lat, lon),
  }));
  return {
    ok: true,
    value: { observations: positions, windowUs: Math.max(windowUs, others.value.windowUs) },
  };
}

/** Latitude and longitude of the same time, both in order of time. */
function joinPositions(
  lats: readonly HistoryPoint[],
  lons: readonly HistoryPoint[],
): { tUs: number; lat: number; lon: number }[] {
  const lonAt = new Map(lons.map(({ tUs, mean }) => [tUs, mean]));
  return lats.flatMap(({ tUs, mean }) => {
    const lon = lonAt.get(tUs);
    return lon === undefined ? [] : [{ tUs, lat: mean, lon }];
  });
}

/** Runs the evaluator over observations in order of time, and joins its transitions into intervals. */
export function intervalsOf(
  rule: CompiledRule,
  subject: string,
  observations: readonly Observation[],
  endUs: number,
): Interval[] {
  let track: Track = emptyTrack;
  const intervals: Interval[] = [];
  const take = (transitions: readonly Transition[]): void => {
    for (const { to, atUs, sinceUs, value } of transitions) {
      if (to === 'firing') intervals.push({ subject, sinceUs, firedAtUs: atUs, toUs: null, value });
      const last = intervals.at(-1);
      if (to === 'resolved' && last) intervals[intervals.length - 1] = { ...last, toUs: atUs };
    }
  };
  for (const observation of observations) {
    const step = observe(rule, track, observation);
    track = step.track;
    take(step.transitions);
  }
  take(advance(rule, track, endUs).transitions);
  return intervals;
}
