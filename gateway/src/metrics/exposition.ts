import type { LatencyMs, PipelineAnswer } from '@fieldline/protocol';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Counter as CounterSamples } from '../parts.ts';
import { FilledHistogram, type HistogramSample } from './filled-histogram.ts';

/** Memory, CPU and event loop of this process, under prom-client's usual names. */
const processRegistry = new Registry();
collectDefaultMetrics({ register: processRegistry });

/**
 * The gateway's figures in Prometheus's text format: `counters`, those of every stage, the time from the sensor to each place
 * (`sensorLatency`), and those of the process.
 */
export async function renderMetrics(
  counters: readonly CounterSamples[],
  pipeline: PipelineAnswer,
  sensorLatency: readonly HistogramSample[],
): Promise<{ body: string; contentType: string }> {
  // A fresh registry each time: the figures live where they are counted, not twice.
  const registry = new Registry();
  for (const counter of counters) addSamples(registry, counter);
  addStages(registry, pipeline);
  const help = 'From the sensor to the place named: outbox, uplink, journal, store, socket.';
  new FilledHistogram({ name: 'fieldline_sensor_latency_seconds', help, registry }, sensorLatency);
  const merged = Registry.merge([registry, processRegistry]);
  return { body: await merged.metrics(), contentType: merged.contentType };
}

function addSamples(registry: Registry, { name, help, kind, samples }: CounterSamples): void {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const options = { name, help, labelNames, registers: [registry] };
  const metric = kind === 'counter' ? new Counter(options) : new Gauge(options);
  for (const { labels, value } of samples) metric.inc(labels, value);
}

function addStages(registry: Registry, { stages, latencyMs, bottleneck: busiest }: PipelineAnswer): void {
  const gauge = (name: string, help: string, labelNames: string[] = ['stage']): Gauge =>
    new Gauge({ name: `fieldline_${name}`, help, labelNames, registers: [registry] });
  const inRate = gauge('stage_in_per_second', 'Taken in a second, over the last ten seconds.');
  const outRate = gauge('stage_out_per_second', 'Passed on a second, over the last ten seconds.');
  const queued = gauge('stage_queued', 'Waiting before the stage.');
  const capacity = gauge('stage_capacity', 'How much may wait before the stage.');
  const utilization = gauge('stage_utilization', 'How busy the stage is, 0 to 1.');
  const bottleneck = gauge('stage_is_bottleneck', '1 where the stage is the bottleneck now.');
  const latency = gauge('stage_latency_milliseconds', 'Time in the stage.', ['stage', 'quantile']);
  const sensor = gauge('sensor_latency_milliseconds', 'From the sensor to the place named.', [
    'to',
    'quantile',
  ]);
  const errors = new Counter({
    name: 'fieldline_stage_errors_total',
    help: 'Failures of the stage, each attempt counted.',
    labelNames: ['stage'],
    registers: [registry],
  });
  for (const stage of stages) {
    const labels = { stage: stage.name };
    inRate.set(labels, stage.inPerSec);
    outRate.set(labels, stage.outPerSec);
    queued.set(labels, stage.queued);
    bottleneck.set(labels, stage.name === busiest ? 1 : 0);
    if (stage.capacity !== null) capacity.set(labels, stage.capacity);
    if (stage.utilization !== null) utilization.set(labels, stage.utilization);
    setQuantiles(latency, labels, stage.latencyMs);
    errors.inc(labels, stage.errors);
  }
  setQuantiles(sensor, { to: 'outbox' }, latencyMs.sensorToOutbox);
  setQuantiles(sensor, { to: 'uplink' }, latencyMs.sensorToUplink);
  setQuantiles(sensor, { to: 'journal' }, latencyMs.sensorToJournal);
  setQuantiles(sensor, { to: 'store' }, latencyMs.sensorToStore);
  setQuantiles(sensor, { to: 'socket' }, latencyMs.sensorToSocket);
}

function setQuantiles(gauge: Gauge, labels: Record<string, string>, { p50, p95, p99 }: LatencyMs): void {
  for (const [quantile, value] of Object.entries({ '0.5': p50, '0.95': p95, '0.99': p99 })) {
    if (value !== null) gauge.set({ ...labels, quantile }, value);
  }
}
