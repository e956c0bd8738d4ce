import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ledger } from '../ledger/ledger.ts';
import { RecentReadings } from './recent-readings.ts';
import { SensorFeed } from './sensor-feed.ts';
import { SensorPipeline } from './sensor-pipeline.ts';

function pipelineOf(ledger: Ledger): SensorPipeline {
  const streams = [{ quantity: 'v', unit: 'V', window: 'none', windowUs: 0, sketch: false }];
  return new SensorPipeline({ sensor: 's', type: 't', streams, latenessUs: 0, startedAtUs: 0, ledger });
}

function timesIn(pipeline: SensorPipeline): number[] {
  return pipeline.take().flatMap((block) => (block.kind === 'readings' ? [...block.t] : []));
}

it('gives each reading to the pipeline of its time, whatever the order and the blocks they come in', () => {
  const times = fc.array(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 20 }));
  fc.assert(
    fc.property(times, (blocks) => {
      const ledger = new Ledger();
      const [first, second, third] = [pipelineOf(ledger), pipelineOf(ledger), pipelineOf(ledger)];
      const feed = new SensorFeed(first, new RecentReadings(['v'], 4096));
      feed.switchAt(100, second);
      feed.switchAt(200, third);
      for (const block of blocks) feed.emit(Float64Array.from(block), [Float64Array.from(block)]);
      const all = blocks.flat();
      expect(timesIn(first)).toEqual(all.filter((t) => t < 100));
      expect(timesIn(second)).toEqual(all.filter((t) => t >= 100 && t < 200));
      expect(timesIn(third)).toEqual(all.filter((t) => t >= 200));
      expect(ledger.stream('s/v').taken).toBe(all.length);
    }),
  );
});

it('gives what comes late for a pipeline whose turn is over to its successor', () => {
  const ledger = new Ledger();
  const [first, second] = [pipelineOf(ledger), pipelineOf(ledger)];
  const feed = new SensorFeed(first, new RecentReadings(['v'], 4096));
  feed.switchAt(100, second);
  feed.end(first);
  feed.emit(Float64Array.of(50, 150), [Float64Array.of(1, 2)]);
  expect(timesIn(first)).toEqual([]);
  expect(timesIn(second)).toEqual([50, 150]);
});

it('declares what was missed before the first reading', () => {
  const pipeline = pipelineOf(new Ledger());
  const feed = new SensorFeed(pipeline, new RecentReadings(['v'], 4096));
  feed.awaitFirst(40, 'reconfigured');
  feed.emit(Float64Array.of(50), [Float64Array.of(1)]);
  feed.emit(Float64Array.of(60), [Float64Array.of(1)]);
  const gaps = pipeline.take().flatMap((block) => (block.kind === 'gaps' ? [block] : []));
  expect(gaps.map(({ from, to, reason }) => [from[0], to[0], ...reason])).toEqual([[40, 50, 'reconfigured']]);
});
