import {
  parseDuration,
  refused,
  type AlertCondition,
  type AlertRuleDraft,
  type Result,
} from '@fieldline/protocol';

/** How figures are judged. Times in microseconds; figures in the unit of the stream, or as the kind says. */
export type Judge =
  /** Over where `figure * sign > limit`; under where `figure * sign <= clear`. Both carry the sign already. */
  | { readonly kind: 'threshold'; readonly sign: 1 | -1; readonly limit: number; readonly clear: number }
  | {
      readonly kind: 'rate';
      readonly is: 'rising' | 'falling' | 'changing';
      readonly limitPerSec: number;
      readonly clearPerSec: number;
      readonly overUs: number;
    }
  | { readonly kind: 'stuck'; readonly afterUs: number; readonly tolerance: number }
  /** Over where nothing newer has come for `afterUs`: judged by time alone. */
  | { readonly kind: 'silence'; readonly afterUs: number };

/** What the evaluator needs of a rule, with its durations read. */
export interface CompiledRule {
  readonly judge: Judge;
  readonly forUs: number;
}

/** Longest duration of a rule: a year. */
const durationMaxUs = 366 * 86_400 * 1e6;

/** Reads durations and levels of a rule that has the shape of its schema. Refused as ALERT_RULE_INVALID. */
export function compileRule(rule: Pick<AlertRuleDraft, 'condition' | 'for'>): Result<CompiledRule> {
  const forUs = durationUs('for', rule.for);
  if (!forUs.ok) return forUs;
  const judge = judgeOf(rule.condition);
  return judge.ok ? { ok: true, value: { judge: judge.value, forUs: forUs.value } } : judge;
}

function judgeOf(condition: AlertCondition): Result<Judge> {
  switch (condition.kind) {
    case 'threshold':
      return threshold(condition.is, condition.limit, condition.clear ?? condition.limit);
    case 'geofence':
      // The figure is the distance outside the fence, in metres.
      return threshold('above', 0, -(condition.marginM ?? 0));
    case 'ledger':
      return threshold('above', condition.above ?? 0, condition.above ?? 0);
    case 'device-alarm':
      return threshold('above', 0, 0);
    case 'stage':
      return threshold('above', condition.above, condition.clear ?? condition.above);
    case 'rate':
      return rate(condition);
    case 'stuck':
      return after(condition.after, (afterUs) => ({
        kind: 'stuck',
        afterUs,
        tolerance: condition.tolerance ?? 0,
      }));
    case 'no-data':
    case 'silent-device':
      return after(condition.after, (afterUs) => ({ kind: 'silence', afterUs }));
  }
}

function threshold(is: 'above' | 'below', limit: number, clear: number): Result<Judge> {
  const sign = is === 'above' ? 1 : -1;
  if (clear * sign > limit * sign) {
    return refused('ALERT_RULE_INVALID', `clear: ${clear} is beyond the limit ${limit}`);
  }
  return { ok: true, value: { kind: 'threshold', sign, limit: limit * sign, clear: clear * sign } };
}

function rate(condition: Extract<AlertCondition, { kind: 'rate' }>): Result<Judge> {
  const { is, limitPerSec, clearPerSec = limitPerSec } = condition;
  if (clearPerSec > limitPerSec) {
    return refused('ALERT_RULE_INVALID', `clearPerSec: ${clearPerSec} is beyond the limit ${limitPerSec}`);
  }
  const overUs = durationUs('over', condition.over);
  if (!overUs.ok) return overUs;
  if (overUs.value === 0) return refused('ALERT_RULE_INVALID', 'over: it must be longer than 0s');
  return { ok: true, value: { kind: 'rate', is, limitPerSec, clearPerSec, overUs: overUs.value } };
}

function after(text: string, make: (afterUs: number) => Judge): Result<Judge> {
  const afterUs = durationUs('after', text);
  if (!afterUs.ok) return afterUs;
  if (afterUs.value === 0) return refused('ALERT_RULE_INVALID', 'after: it must be longer than 0s');
  return { ok: true, value: make(afterUs.value) };
}

function durationUs(key: string, text: string): Result<number> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return refused('ALERT_RULE_INVALID', `${key}: ${parsed.refusal.detail}`);
  if (parsed.value > durationMaxUs)
    return refused('ALERT_RULE_INVALID', `${key}: ${text} is more than a year`);
  return parsed;
}
