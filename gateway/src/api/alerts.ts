import {
  Alert,
  AlertAcknowledgement,
  AlertDeliveriesAnswer,
  AlertHistoryAnswer,
  AlertRule,
  AlertRuleDraft,
  AlertRulesAnswer,
  AlertsAnswer,
  AlertSilence,
  AlertSilenceDraft,
  AlertTestAnswer,
  AlertTestRequest,
  Name,
  type ErrorCode,
  type Refusal,
} from '@fieldline/protocol';
import { Type } from 'typebox';
import { alertLimits } from '../alerts/alert-tables.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Clock } from '../clock.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';
import { timeParameterUs } from './time-parameter.ts';

const closed = { additionalProperties: false } as const;
const RuleId = Type.Object({ id: Name });
const NumberId = Type.Object({ id: Type.Integer({ minimum: 0 }) });
const ChannelName = Type.Object({ name: Name });
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: alertLimits.answer }));
const Time = Type.Optional(Type.String({ maxLength: 40, description: 'Microseconds UTC, or RFC 3339' }));
const Done = Type.Object({ ok: Type.Literal(true) });

/** Statuses of refusals; 400 for what is wrong in the request. */
const refusalStatus: Partial<Record<ErrorCode, number>> = {
  ALERT_LIMIT: 409,
  ALERT_NOT_TESTABLE: 422,
  QUERY_TOO_LARGE: 422,
  QUERY_STORE_UNAVAILABLE: 503,
  QUERY_TIMEOUT: 504,
  API_NOT_READY: 503,
};

/** What the routes of alerts stand on. */
export interface AlertRouteParts {
  readonly alerts: Alerts;
  readonly clock: Clock;
}

/** Rules, alerts, silences and deliveries. */
export function alertRoutes(parts: AlertRouteParts): ApiRoute[] {
  return [...readingRoutes(parts), ...ruleRoutes(parts), ...answeringRoutes(parts)];
}

function readingRoutes({ alerts }: AlertRouteParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/alerts',
      summary: 'What is pending or firing now, the newest first, and the silences that last.',
      access: 'viewer',
      answer: { status: 200, description: 'Open alerts.', schema: AlertsAnswer },
      handle: () => json(alerts.open()),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/alerts/history',
      summary: 'What fired, the newest first.',
      access: 'viewer',
      query: Type.Object(
        {
          rule: Type.Optional(Name),
          subject: Type.Optional(Type.String({ maxLength: 200 })),
          from: Time,
          to: Time,
          limit: Limit,
        },
        closed,
      ),
      answer: { status: 200, description: 'Alerts that fired.', schema: AlertHistoryAnswer },
      handle: ({ query: { rule, subject, from, to, limit = 100 } }) => {
        const fromUs = from === undefined ? undefined : timeParameterUs(from);
        const toUs = to === undefined ? undefined : timeParameterUs(to);
        if (from !== undefined && fromUs === undefined) return badTime('from', from);
        if (to !== undefined && toUs === undefined) return badTime('to', to);
        return json({ alerts: alerts.history({ rule, subject, fromUs, toUs, limit }) });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/alerts/deliveries',
      summary: 'Messages about alerts with every attempt to send them, the newest first.',
      access: 'viewer',
      query: Type.Object({ alert: Type.Optional(Type.Integer({ minimum: 0 })), limit: Limit }, closed),
      answer: { status: 200, description: 'Deliveries.', schema: AlertDeliveriesAnswer },
      handle: ({ query: { alert, limit = 100 } }) => json({ deliveries: alerts.deliveries(limit, alert) }),
    }),
  ];
}

function ruleRoutes({ alerts }: AlertRouteParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/alerts/rules',
      summary: 'Every rule, and the channels that rules may deliver to.',
      access: 'viewer',
      answer: { status: 200, description: 'Rules by id.', schema: AlertRulesAnswer },
      handle: () => json(alerts.rules()),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/v1/alerts/rules/{id}',
      summary: 'Makes a rule, or replaces it. What fires under the old one is over.',
      access: 'operator',
      params: RuleId,
      body: AlertRuleDraft,
      answer: { status: 200, description: 'The rule as it is now.', schema: AlertRule },
      problems: [409],
      handle: ({ params, body }) => {
        const put = alerts.putRule(params.id, body);
        return put.ok ? json(put.value) : refusal(put.refusal);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/alerts/rules/{id}',
      summary: 'Removes a rule; one that came with the gateway is as it came again.',
      access: 'operator',
      params: RuleId,
      answer: { status: 200, description: 'It is gone.', schema: Done },
      problems: [404],
      handle: ({ params }) =>
        alerts.removeRule(params.id) ? json({ ok: true }) : problem(404, 'ALERT_RULE_UNKNOWN', params.id),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/alerts/rules/test',
      summary: 'Tries a rule on history, by the evaluator that works live. Nothing is kept, nothing sent.',
      access: 'operator',
      body: AlertTestRequest,
      answer: { status: 200, description: 'When it would have fired.', schema: AlertTestAnswer },
      problems: [422, 503, 504],
      handle: async ({ body: { rule, fromUs, toUs } }) => {
        if (fromUs >= toUs) return problem(400, 'QUERY_BAD_RANGE', `fromUs ${fromUs}, toUs ${toUs}.`);
        const tested = await alerts.testRule(rule, { fromUs, toUs });
        return tested.ok ? json(tested.value) : refusal(tested.refusal);
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/alerts/channels/{name}/test',
      summary: 'Sends a message about nothing to a channel; the deliveries tell what became of it.',
      access: 'operator',
      params: ChannelName,
      answer: { status: 202, description: 'It is on its way.', schema: Done },
      problems: [404],
      handle: ({ params, principal }) =>
        alerts.sendTest(params.name, principal.name)
          ? json({ ok: true }, 202)
          : problem(404, 'ALERT_CHANNEL_UNKNOWN', params.name),
    }),
  ];
}

function answeringRoutes({ alerts, clock }: AlertRouteParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/v1/alerts/{id}/acknowledge',
      summary: 'Notes that somebody has seen an open alert.',
      access: 'operator',
      params: NumberId,
      body: AlertAcknowledgement,
      answer: { status: 200, description: 'The alert.', schema: Alert },
      problems: [404],
      handle: ({ params: { id }, body: { note }, principal }) => {
        const alert = alerts.acknowledge(id, principal.name, note ?? null);
        return alert ? json(alert) : problem(404, 'ALERT_UNKNOWN', `alert ${id}`);
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/alerts/silences',
      summary: 'Sends nothing about a rule, a subject, or both, for so many seconds from now.',
      access: 'operator',
      body: AlertSilenceDraft,
      answer: { status: 201, description: 'The silence.', schema: AlertSilence },
      problems: [409],
      handle: ({ body: { rule, subject, forSeconds, reason }, principal }) => {
        const createdAtUs = clock.nowUs();
        const silence = alerts.silence({
          rule: rule ?? null,
          subject: subject ?? null,
          untilUs: createdAtUs + forSeconds * 1e6,
          by: principal.name,
          createdAtUs,
          reason: reason ?? null,
        });
        return silence.ok ? json(silence.value, 201) : refusal(silence.refusal);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/alerts/silences/{id}',
      summary: 'Ends a silence before its time.',
      access: 'operator',
      params: NumberId,
      answer: { status: 200, description: 'It is over.', schema: Done },
      problems: [404],
      handle: ({ params: { id } }) =>
        alerts.endSilence(id) ? json({ ok: true }) : problem(404, 'ALERT_UNKNOWN', `silence ${id}`),
    }),
  ];
}

function refusal({ code, detail }: Refusal): ApiReply {
  return problem(refusalStatus[code] ?? 400, code, detail);
}

function badTime(name: string, value: string): ApiReply {
  return problem(400, 'API_BAD_REQUEST', `${name}: “${value}” is not a time.`);
}
