import { accepted, parseDuration, refused, type Result } from '@fieldline/protocol';
import { Type, type TOptional, type TString, type TBoolean } from 'typebox';
import type { PollPlan } from './poller.ts';

/** The keys by which a polled instrument is asked; every polling driver has them, with its own defaults. */
export interface PollKeys {
  readonly interval?: string;
  readonly aligned?: boolean;
  readonly timeout?: string;
}

/** What one driver's instruments take and bear. */
export interface PollBounds {
  /** Defaults as a configuration would write them: `10s`. */
  readonly interval: string;
  readonly timeout: string;
  readonly intervalMinMs: number;
}

/** The longest interval and timeout, in milliseconds: a day. */
export const pollIntervalMaxMs = 86_400_000;

/** The schema of the keys, with a driver's defaults. */
export function pollSettings(bounds: PollBounds): {
  interval: TOptional<TString>;
  aligned: TOptional<TBoolean>;
  timeout: TOptional<TString>;
} {
  return {
    interval: Type.Optional(
      Type.String({
        default: bounds.interval,
        description: `How often it is asked: ${bounds.intervalMinMs}ms to 1d`,
      }),
    ),
    aligned: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Ask at whole multiples of the interval by the clock (10s: at :00, :10, …)',
      }),
    ),
    timeout: Type.Optional(
      Type.String({ default: bounds.timeout, description: 'A question that takes longer counts as hanging' }),
    ),
  };
}

/** Checks the durations and fills in what the configuration leaves out. */
export function toPollPlan(keys: PollKeys, bounds: PollBounds): Result<PollPlan> {
  const interval = durationMs('interval', keys.interval ?? bounds.interval, bounds.intervalMinMs);
  if (!interval.ok) return interval;
  const timeout = durationMs('timeout', keys.timeout ?? bounds.timeout, 1);
  if (!timeout.ok) return timeout;
  return accepted({
    intervalMs: interval.value,
    aligned: keys.aligned ?? false,
    deadlineMs: timeout.value,
  });
}

function durationMs(key: string, text: string, leastMs: number): Result<number> {
  const us = parseDuration(text);
  if (!us.ok) return refused('CONFIG_INVALID_VALUE', `${key}: ${us.refusal.detail}`);
  const ms = us.value / 1000;
  if (ms >= leastMs && ms <= pollIntervalMaxMs) return accepted(ms);
  return refused('CONFIG_INVALID_VALUE', `${key}: ${text} is not between ${leastMs}ms and 1d`);
}
