import type { AlertCondition, AlertRuleDraft, AlertSeverity } from '@fieldline/protocol';
import { texts } from '../texts/en.ts';
import {
  conditionFields,
  conditionKinds,
  type ConditionField,
  type ConditionKind,
  type FieldName,
} from './condition-fields.ts';

/** A rule as a form holds it: every figure as the text that was typed. */
export interface RuleTexts {
  readonly name: string;
  readonly enabled: boolean;
  readonly severity: AlertSeverity;
  readonly kind: ConditionKind;
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  readonly for: string;
  readonly deliverTo: readonly string[];
  readonly remedy: string;
}

/** What the texts say, or what is wrong with them by field. */
export type ReadRule =
  | { readonly ok: true; readonly draft: AlertRuleDraft }
  | { readonly ok: false; readonly problems: Readonly<Record<string, string>> };

/** A new rule: a threshold of nothing yet. */
export const emptyRule: RuleTexts = {
  name: '',
  enabled: true,
  severity: 'warning',
  kind: 'threshold',
  fields: {},
  for: '0s',
  deliverTo: [],
  remedy: '',
};

const durationPattern = /^\d{1,15}(\.\d{1,9})?(d|h|m|s|ms|us)$/;
const patterns: Readonly<Record<string, RegExp>> = {
  streams: /^(\*|[a-z0-9*_-]{1,63}\/[a-z0-9*_-]{1,63}\/[a-z0-9*_-]{1,63})$/,
  devices: /^(\*|[a-z0-9][a-z0-9-]{0,62})$/,
  sensors: /^(\*|[a-z0-9*-]{1,63}\/[a-z0-9*_-]{1,63})$/,
  stages: /^(\*|[a-z0-9-]{1,63})$/,
  duration: durationPattern,
};

/** The fields that count: of a fence, only those of its shape. */
export function shownFields({ kind, fields }: Pick<RuleTexts, 'kind' | 'fields'>): readonly ConditionField[] {
  const shape = fields.shape ?? 'circle';
  return conditionFields[kind].filter((field) => field.shape === undefined || field.shape === shape);
}

/** Reads the texts of a form; whether the rule makes sense is judged by the gateway. */
export function readRule(rule: RuleTexts): ReadRule {
  const problems: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  for (const field of shownFields(rule)) {
    const read = readField(field, (rule.fields[field.name] ?? '').trim());
    if (read.problem !== undefined) problems[field.name] = read.problem;
    else if (read.value !== undefined) values[field.name] = read.value;
  }
  const name = rule.name.trim();
  if (name === '') problems['name'] = texts.alerts.problems.missing;
  if (!durationPattern.test(rule.for.trim())) problems['for'] = texts.alerts.problems.duration;
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  const remedy = rule.remedy.trim();
  const { enabled, severity, deliverTo } = rule;
  const draft = { name, enabled, severity, condition: conditionOf(rule.kind, values), for: rule.for.trim() };
  return { ok: true, draft: { ...draft, deliverTo: [...deliverTo], ...(remedy && { remedy }) } };
}

/** The texts of a form that shows this rule. */
export function textsOf(draft: AlertRuleDraft): RuleTexts {
  const { kind, ...rest } = draft.condition;
  const { fence, ...values } = rest as Record<string, unknown>;
  const fields: Partial<Record<FieldName, string>> = {};
  for (const { name } of conditionFields[kind]) {
    const value = { ...values, ...(isRecord(fence) ? fence : {}) }[name];
    if (Array.isArray(value))
      fields[name] = value.map((point) => String(point).replace(',', ', ')).join('\n');
    else if (typeof value === 'string' || typeof value === 'number') fields[name] = String(value);
  }
  const { name, enabled, severity, deliverTo, remedy = '' } = draft;
  return { name, enabled, severity, kind, fields, for: draft.for, deliverTo, remedy };
}

/** Reads what `JSON.stringify` made of a form's texts; undefined where it is something else. */
export function parseRuleTexts(text: string | null): RuleTexts | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? 'null');
    if (!isRecord(parsed) || !isRecord(parsed['fields'])) return undefined;
    const { kind, severity, fields, deliverTo } = parsed;
    const known = conditionKinds.find((each) => each === kind);
    const level = (['info', 'warning', 'critical'] as const).find((each) => each === severity);
    if (!known || !level || !Array.isArray(deliverTo)) return undefined;
    const entries = Object.entries(fields).filter(([, value]) => typeof value === 'string');
    return {
      name: textOf(parsed['name']),
      enabled: parsed['enabled'] === true,
      severity: level,
      kind: known,
      fields: Object.fromEntries(entries),
      for: textOf(parsed['for']),
      deliverTo: deliverTo.filter((each): each is string => typeof each === 'string'),
      remedy: textOf(parsed['remedy']),
    };
  } catch {
    return undefined;
  }
}

/** An id that a rule of this name could have: small letters, digits and hyphens. */
export function idOf(name: string): string {
  const plain = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+/g, '')
    .slice(0, 63)
    .replaceAll(/-+$/g, '');
}

function readField(field: ConditionField, text: string): { value?: unknown; problem?: string } {
  const { problems } = texts.alerts;
  if (field.input === 'choice') return { value: text === '' ? field.choices?.[0] : text };
  if (text === '') return field.isOptional ? {} : { problem: problems.missing };
  if (field.input === 'number') {
    const value = Number(text);
    return Number.isFinite(value) ? { value } : { problem: problems.number };
  }
  if (field.input === 'points') {
    const points = text.split('\n').map((line) => line.split(',').map(Number));
    const isFine = points.every((point) => point.length === 2 && point.every(Number.isFinite));
    return isFine && points.length >= 3 ? { value: points } : { problem: problems.points };
  }
  return patterns[field.input]?.test(text)
    ? { value: text }
    : { problem: problems[field.input] ?? problems.missing };
}

/** Every field of this kind has been read by now, each as its schema has it. */
function conditionOf(kind: ConditionKind, values: Readonly<Record<string, unknown>>): AlertCondition {
  if (kind !== 'geofence') return { kind, ...values } as AlertCondition;
  const { sensors, marginM, ...fence } = values;
  return { kind, sensors, fence, ...(marginM !== undefined && { marginM }) } as AlertCondition;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
