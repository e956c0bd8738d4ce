import { SensorPipeline, type StreamPlan } from '../../edge/src/aggregator/sensor-pipeline.ts';
import { resolveTransforms } from '../../edge/src/config/resolve-transforms.ts';
import { Ledger } from '../../edge/src/ledger/ledger.ts';
import { getHeapStatistics } from 'node:v8';
import { benchResult, measure, type BenchResult } from './bench-result.ts';

/** Samples of one block, as a microcontroller frames them at 100 kS/s. */
const blockSamples = 1000;
/** Blocks of one pass; they hold different samples. */
const blocks = 64;
const intervalUs = 10;
/** What one block covers, microseconds. */
const spanUs = blockSamples * intervalUs;
/** How much faster the same time is sampled to see what that allocates. */
const faster = 4;
const allocationRuns = 40;

/**
 * `edge-adc`: samples a second of processor time through all that the agent does to one: not-a-number check,
 * calibration (scale and offset), range check, moments and DDSketch of windows of 1 s, and the ring and level
 * trigger of bursts. The peer is a bare Welford loop (count, mean, M2) over the same typed arrays.
 *
 * Caveats: one thread, hot code, no decoding of frames, no encoding of the windows; a mains hum with noise, whose
 * samples jump between some 90 buckets; the trigger fires never, as between two events. Both sides are measured
 * by the processor time of the whole process, so that what else the machine does counts for neither.
 *
 * `edge-adc-allocation`: bytes of the heap for each sample more, when the same time is sampled four times as fast; the
 * peer keeps a time and a value in an object for each sample.
 */
export async function runEdgeAdc(): Promise<BenchResult[]> {
  const samples = Array.from({ length: blocks }, (_, block) => hum(block));
  const stage = adcStage(blockSamples);
  let moments = 0;
  const result = await measure({
    name: 'edge-adc',
    unit: 'samples/s',
    ours: () => perCpuSecond(() => stage.pass(samples), blocks * blockSamples),
    peer: {
      name: 'bare Welford loop',
      measure: () =>
        perCpuSecond(() => {
          for (const block of samples) moments += welford(block);
        }, blocks * blockSamples),
    },
  });
  if (!Number.isFinite(moments)) throw new RangeError('the peer must compute something');
  return [result, allocation(samples)];
}

function allocation(samples: readonly Float64Array[]): BenchResult {
  const quick = samples.map((block) =>
    Float64Array.from({ length: faster * block.length }, (_, row) => block[row % block.length]!),
  );
  const [slowStage, quickStage] = [adcStage(blockSamples), adcStage(faster * blockSamples)];
  const moreSamples = (faster - 1) * blocks * blockSamples;
  const ours: number[] = [];
  const objects: number[] = [];
  for (let run = 0; run < allocationRuns; run++) {
    const slow = allocated(() => slowStage.pass(samples));
    ours.push((allocated(() => quickStage.pass(quick)) - slow) / moreSamples);
    objects.push(allocated(() => void objectsOf(samples)) / (blocks * blockSamples));
  }
  const peer = { name: 'an object a sample', values: objects.filter(Number.isFinite) };
  const settled = ours.filter(Number.isFinite).slice(-peer.values.length);
  return benchResult({ name: 'edge-adc-allocation', unit: 'bytes/sample', ours: settled, peer });
}

/** Growth of the heap by `work`, bytes; NaN where a collection came in between. */
function allocated(work: () => void): number {
  const before = getHeapStatistics().used_heap_size;
  work();
  const bytes = getHeapStatistics().used_heap_size - before;
  return bytes < 0 ? Number.NaN : bytes;
}

function objectsOf(samples: readonly Float64Array[]): { t: number; v: number }[][] {
  return samples.map((block) => Array.from(block, (v, row) => ({ t: row * intervalUs + 0.5, v })));
}

/** How often `work`, which handles `items` things, can be done in a second of processor time. */
function perCpuSecond(work: () => void, items: number, forUs = 200_000): number {
  const started = process.cpuUsage();
  for (let rounds = 1; ; rounds++) {
    work();
    const { user, system } = process.cpuUsage(started);
    if (user + system >= forUs) return (rounds * items * 1e6) / (user + system);
  }
}

interface AdcStage {
  pass(samples: readonly Float64Array[]): void;
}

function adcStage(samplesPerBlock: number): AdcStage {
  const ledger = new Ledger();
  const streams = [streamPlan()];
  const pipeline = new SensorPipeline({
    sensor: 'shaft',
    type: 'adc',
    streams,
    latenessUs: 1e6,
    startedAtUs: 0,
    ledger,
  });
  const t = Float64Array.from({ length: samplesPerBlock }, (_, index) => (index * spanUs) / samplesPerBlock);
  const values = new Float64Array(samplesPerBlock);
  function pass(samples: readonly Float64Array[]): void {
    for (const block of samples) {
      // What a driver does for each block: new times, new values in the same arrays.
      for (let row = 0; row < samplesPerBlock; row++) t[row]! += spanUs;
      values.set(block);
      pipeline.emit(t, [values]);
    }
    pipeline.closeDue(t[0] ?? 0);
    pipeline.take();
  }
  return { pass };
}

function streamPlan(): StreamPlan {
  const { transforms, problems } = resolveTransforms(
    [{ calibrate: { linear: { scale: 1.002, offset: -0.001 } } }, { range: { min: -10, max: 10 } }],
    { own: undefined, driver: 'V' },
    [],
  );
  if (problems.length > 0) throw new RangeError('the transforms of the benchmark are wrong');
  const trigger = { kind: 'level', level: 9, hysteresis: 1, edge: 'rising' } as const;
  const burst = { beforeUs: 1e5, afterUs: 1e5, ringSamples: 65_536, trigger };
  return { quantity: 'voltage', unit: 'V', window: '1s', windowUs: 1e6, sketch: true, transforms, burst };
}

/** 50 Hz around 1.65 V, sampled each 10 µs, with noise (a fixed sequence, so that every run has the same). */
function hum(block: number): Float64Array {
  let state = block + 1;
  return Float64Array.from({ length: blockSamples }, (_, index) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const phase = 2 * Math.PI * 50 * (block * blockSamples + index) * intervalUs * 1e-6;
    return 1.65 + 1.2 * Math.sin(phase) + 0.05 * (state / 2 ** 32 - 0.5);
  });
}

function welford(values: Float64Array): number {
  let count = 0;
  let mean = 0;
  let m2 = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    count += 1;
    const delta = value - mean;
    mean += delta / count;
    m2 += delta * (value - mean);
  }
  return m2;
}
