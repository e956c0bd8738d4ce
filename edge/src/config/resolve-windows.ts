import { formatDuration, parseDuration } from '@fieldline/protocol';
import type { StreamPlan } from '../aggregator/sensor-pipeline.ts';
import type { HoppingPlan, WindowShape } from '../aggregator/window-source.ts';
import type { BurstPlan, TriggerPlan } from '../burst/burst-plan.ts';
import type { ConfigPath, ConfigProblem } from './config-problem.ts';
import { windowDefaults, type BurstKeys, type WindowKeys } from './window-keys.ts';

/** The part of a stream's plan that says how it is aggregated. */
export type WindowPlan = Pick<
  StreamPlan,
  'window' | 'windowUs' | 'shape' | 'sketch' | 'accuracy' | 'hopping' | 'burst'
>;

/** Where the keys of a stream come from, the most particular first. */
export interface WindowOrigins {
  readonly own: WindowKeys;
  readonly sensor: WindowKeys;
  readonly driver: { readonly window: string; readonly sketch: boolean };
  readonly ownPath: ConfigPath;
  readonly sensorPath: ConfigPath;
}

/** Panes that a hopping window may be merged from. */
const panesMax = 1000;
/** Readings of a window by count. */
const countMax = 10_000_000;
const dayUs = 86_400_000_000;
const windowBounds = { minUs: 10_000, maxUs: dayUs };

/** How a stream is aggregated, or what is wrong with the keys that say so. */
export function resolveWindows(origins: WindowOrigins): { plan: WindowPlan; problems: ConfigProblem[] } {
  const reader = new KeyReader(origins);
  const window = reader.value('window') ?? origins.driver.window;
  const accuracy = reader.value('accuracy');
  const hopping = hoppingPlan(reader);
  const burst = burstPlan(reader);
  const plan: WindowPlan = {
    window,
    ...windowShape(reader, window),
    sketch: hasSketch(origins.own) ?? hasSketch(origins.sensor) ?? origins.driver.sketch,
    ...(accuracy !== undefined && { accuracy: Math.round(accuracy * 1e6) / 1e6 }),
    ...(hopping && { hopping }),
    ...(burst && { burst }),
  };
  return { plan, problems: reader.problems };
}

/** Reads keys of the stream, else of its sensor, and says what is wrong where it was written. */
class KeyReader {
  readonly problems: ConfigProblem[] = [];
  readonly #origins: WindowOrigins;

  constructor(origins: WindowOrigins) {
    this.#origins = origins;
  }

  value<Key extends keyof WindowKeys>(key: Key): WindowKeys[Key] {
    return this.#origins.own[key] ?? this.#origins.sensor[key];
  }

  path(key: keyof WindowKeys, ...below: string[]): ConfigPath {
    const { own, ownPath, sensorPath } = this.#origins;
    return [...(own[key] === undefined ? sensorPath : ownPath), key, ...below];
  }

  durationUs(text: string, path: ConfigPath, { minUs, maxUs }: { minUs: number; maxUs: number }): number {
    const parsed = parseDuration(text);
    if (!parsed.ok) this.problem(path, `${parsed.refusal.detail}.`);
    else if (parsed.value >= minUs && parsed.value <= maxUs) return parsed.value;
    else this.problem(path, `${text} is not between ${minUs / 1000} ms and ${maxUs / 1000} ms.`);
    return Math.max(minUs, 1);
  }

  problem(path: ConfigPath, reason: string): void {
    this.problems.push({ code: 'CONFIG_INVALID_VALUE', path, reason });
  }
}

function windowShape(reader: KeyReader, window: string): { windowUs: number; shape?: WindowShape } {
  if (window === 'none') return { windowUs: 0 };
  if (window === 'session') {
    const gap = reader.value('sessionGap') ?? windowDefaults.sessionGap;
    const max = reader.value('sessionMax') ?? windowDefaults.sessionMax;
    const gapUs = reader.durationUs(gap, reader.path('sessionGap'), { minUs: 1000, maxUs: dayUs });
    const maxUs = reader.durationUs(max, reader.path('sessionMax'), { minUs: 1e6, maxUs: dayUs });
    return { windowUs: 0, shape: { kind: 'session', gapUs, maxUs } };
  }
  if (window.startsWith('count:')) return { windowUs: 0, shape: countShape(reader, window) };
  return { windowUs: reader.durationUs(window, reader.path('window'), windowBounds) };
}

function countShape(reader: KeyReader, window: string): WindowShape {
  const readings = /^count:[1-9][0-9]{0,7}$/.test(window) ? Number(window.slice('count:'.length)) : 0;
  if (readings < 1 || readings > countMax) {
    reader.problem(reader.path('window'), `${window} is not count:1 to count:${countMax}.`);
  }
  return { kind: 'count', readings: Math.max(1, readings) };
}

function hasSketch({ sketch, statistics }: WindowKeys): boolean | undefined {
  return sketch ?? statistics?.some((name) => /^(p[0-9]|histogram)/.test(name));
}

function hoppingPlan(reader: KeyReader): HoppingPlan | undefined {
  const keys = reader.value('hopping');
  if (keys === undefined) return undefined;
  const lengthUs = reader.durationUs(keys.length, reader.path('hopping', 'length'), windowBounds);
  const everyUs = reader.durationUs(keys.every, reader.path('hopping', 'every'), windowBounds);
  const panes = Math.max(lengthUs, everyUs) / greatestCommonDivisor(lengthUs, everyUs);
  if (panes > panesMax) {
    const reason = `${keys.length} each ${keys.every} needs ${panes} parts a window; at most ${panesMax} are kept.`;
    reader.problem(reader.path('hopping'), reason);
  }
  return { window: `hop:${formatDuration(lengthUs)}:${formatDuration(everyUs)}`, lengthUs, everyUs };
}

function burstPlan(reader: KeyReader): BurstPlan | undefined {
  const keys = reader.value('burst');
  if (keys === undefined) return undefined;
  const bounds = { minUs: 0, maxUs: 60_000_000 };
  const { before, after, ring } = windowDefaults.burst;
  if ([keys.level, keys.slope, keys.zScore].filter((each) => each !== undefined).length > 1) {
    reader.problem(reader.path('burst'), 'a stream has one trigger: level, slope or zScore.');
  }
  if (keys.slope === 0) reader.problem(reader.path('burst', 'slope'), 'every sample has a slope of 0.');
  return {
    beforeUs: reader.durationUs(keys.before ?? before, reader.path('burst', 'before'), bounds),
    afterUs: reader.durationUs(keys.after ?? after, reader.path('burst', 'after'), bounds),
    ringSamples: keys.ring ?? ring,
    trigger: triggerPlan(keys),
  };
}

function triggerPlan({ level, slope, zScore }: BurstKeys): TriggerPlan | undefined {
  const { hysteresis, edge, samples } = windowDefaults.burst;
  if (level) {
    const { value } = level;
    return {
      kind: 'level',
      level: value,
      hysteresis: level.hysteresis ?? hysteresis,
      edge: level.edge ?? edge,
    };
  }
  if (slope !== undefined) return { kind: 'slope', perSec: slope };
  return zScore && { kind: 'z-score', z: zScore.z, samples: zScore.samples ?? samples };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
