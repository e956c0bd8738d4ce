import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { batchOf, publishBatch, startRig, type GatewayRig } from '../gateway-rig.ts';

interface PrometheusRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const file = join(import.meta.dirname, '../../config/prometheus-alerts.yaml');
const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { rules: PrometheusRule[] }[] };
const rules = groups.flatMap((group) => group.rules);

let rig: GatewayRig;
let metrics: string;

beforeAll(async () => {
  rig = await startRig();
  const device = await rig.connect('porch', await rig.addDevice('porch'));
  const batch = batchOf('porch', 1);
  await publishBatch(device, { ...batch, sentAt: batch.sentAt + 1000 });
  await vi.waitFor(
    async () =>
      expect(await (await rig.get('/metrics')).text()).toMatch(
        /^fieldline_sensor_latency_seconds_count\{to="store"\} 1$/m,
      ),
    { timeout: 30_000 },
  );
  metrics = await (await rig.get('/metrics')).text();
  device.end(true);
});
afterAll(() => rig.end());

test.each(rules.map((rule) => [rule.alert, rule] as const))(
  '%s names metrics that the gateway offers',
  (_name, rule) => {
    const types = new Map(
      [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
    );
    const named = rule.expr.match(/fieldline_[a-z_]+/g) ?? [];
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) {
      const bare = name.replace(/_bucket$/, '');
      expect(types.get(bare), name).toBe(
        name.endsWith('_bucket') ? 'histogram' : name.endsWith('_total') ? 'counter' : 'gauge',
      );
    }
    expect(['info', 'warning', 'critical']).toContain(rule.labels.severity);
    expect(rule.annotations.summary.length * rule.annotations.description.length).toBeGreaterThan(0);
  },
);

test('latencies are told for each place that a reading passes', () => {
  for (const to of ['outbox', 'uplink', 'journal', 'store']) {
    expect(metrics).toMatch(new RegExp(`^fieldline_sensor_latency_seconds_count\\{to="${to}"\\} 1$`, 'm'));
    expect(metrics).toMatch(
      new RegExp(`^fieldline_sensor_latency_milliseconds\\{to="${to}",quantile="0.99"\\}`, 'm'),
    );
  }
  // What a bucket counts, every longer one counts too.
  const buckets = [
    ...metrics.matchAll(/^fieldline_sensor_latency_seconds_bucket\{to="store",le="([^"]+)"\} (\d+)$/gm),
  ];
  expect(buckets.at(-1)?.slice(1)).toEqual(['+Inf', '1']);
  expect(buckets.map(([, , count]) => Number(count))).toEqual(
    buckets.map(([, , count]) => Number(count)).sort(),
  );
});

test('the pipeline answers the same places', async () => {
  const { latencyMs } = (await (await rig.get('/api/v1/pipeline')).json()) as {
    latencyMs: Record<string, { p99: number | null }>;
  };
  expect(Object.keys(latencyMs)).toEqual([
    'sensorToOutbox',
    'sensorToUplink',
    'sensorToJournal',
    'sensorToStore',
    'sensorToSocket',
  ]);
  expect(latencyMs['sensorToUplink']?.p99).toBeGreaterThan(0);
});
