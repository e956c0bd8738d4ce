import type { SensorBlock } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import { expect, it } from 'vitest';
import { RecentReadings } from '../aggregator/recent-readings.ts';
import { SensorFeed } from '../aggregator/sensor-feed.ts';
import { TimedPipeline } from '../aggregator/timed-pipeline.ts';
import { Ledger } from '../ledger/ledger.ts';
import { declareRestart } from './declare-restart.ts';
import type { Start } from './first-start.ts';
import type { OutboxState } from './recover-state.ts';

const sec = 1_000_000;
const startUs = Date.UTC(2026, 5, 1) * 1000;
/** When the device was switched on. */
const bootUs = startUs - 100 * sec;

/** A sensor of an agent that starts at `atUs`. */
function sensorAt(atUs: number) {
  let nowUs = atUs;
  const base = { generation: 0, offsetUs: bootUs, newestUs: atUs, step: undefined };
  const clock = { nowUs: () => nowUs, quality: () => 'synced' as const, base };
  const ledger = new Ledger();
  const streams = [{ quantity: 'temperature', unit: 'Cel', window: 'none', windowUs: 0, sketch: false }];
  const about = { sensor: 'air', type: 't', streams, latenessUs: 0, startedAtUs: atUs, ledger };
  const pipeline = new TimedPipeline(about, clock);
  const feed = new SensorFeed(pipeline, new RecentReadings(['temperature'], 1000));
  const emit = (toUs: number): void => {
    nowUs = toUs;
    feed.emit(Float64Array.of(toUs), [Float64Array.of(1)]);
  };
  return { pipeline, feed, ledger, emit };
}

/** Starts again `atUs` after a run that was killed with this beside its last batch. */
function restart(open: readonly SensorBlock[], about: { sentAt: number; atUs: number; ofBoot?: string }) {
  const lastBatch = sampleBatch({ epoch: 'e', sentAt: about.sentAt, bootId: about.ofBoot ?? 'b' });
  return begin({ lastBatch, open, nextSeq: 2 }, { atUs: about.atUs });
}

function begin(found: Partial<OutboxState>, about: { atUs: number; firstStart?: Start; stopped?: boolean }) {
  const sensor = sensorAt(about.atUs);
  const nothing = { epoch: 'e', nextSeq: 1, lastBatch: undefined, open: [], renewed: false, doneBelow: 0 };
  declareRestart({
    outbox: { state: { ...nothing, ...found }, closedCleanly: about.stopped ?? false },
    bootId: 'b',
    firstStart: about.firstStart,
    ledger: sensor.ledger,
    pipelines: new Map([['air', sensor.pipeline]]),
    nowUs: about.atUs,
    awaitFirst: (fromUs, reason) => sensor.feed.awaitFirst(fromUs, reason),
  });
  return sensor;
}

function gaps(blocks: readonly SensorBlock[]): [fromSec: number, toSec: number, reason: string][] {
  return blocks.flatMap((block) =>
    block.kind === 'gaps'
      ? [...block.from].map((fromUs, row): [number, number, string] => {
          const toSec = ((block.to[row] ?? 0) - startUs) / sec;
          return [(fromUs - startUs) / sec, toSec, block.reason[row] ?? ''];
        })
      : [],
  );
}

it('a line that opens after the start leaves a gap up to its first reading', () => {
  const before = sensorAt(startUs);
  before.emit(startUs + 5 * sec);
  const after = restart(before.pipeline.peek(), { sentAt: startUs + 6 * sec, atUs: startUs + 10 * sec });
  after.emit(startUs + 13 * sec);
  expect(gaps(after.pipeline.take())).toEqual([[5.000001, 13, 'restart']]);
});

it('a run that was killed before its first reading is part of the gap', () => {
  const before = sensorAt(startUs);
  const after = restart(before.pipeline.peek(), { sentAt: startUs + 6 * sec, atUs: startUs + 10 * sec });
  expect(gaps(after.pipeline.take())).toEqual([[0.000001, 10, 'restart']]);
});

it('a first run that was killed before its first batch is a gap since its start', () => {
  const after = begin({}, { atUs: startUs + 9 * sec, firstStart: { bootId: 'a', atUs: startUs + 2 * sec } });
  after.emit(startUs + 10 * sec);
  expect(gaps(after.pipeline.take())).toEqual([[2, 10, 'restart']]);
});

it('a first run that ended in order, or none, leaves no gap', () => {
  const firstStart = { bootId: 'a', atUs: startUs };
  for (const about of [{ firstStart, stopped: true }, {}]) {
    const after = begin({}, { ...about, atUs: startUs + 9 * sec });
    after.emit(startUs + 10 * sec);
    expect(gaps(after.pipeline.take())).toEqual([]);
  }
});

it('times since another boot, which nobody can place, begin a gap where this one began', () => {
  const after = restart([], { sentAt: 300 * sec, atUs: startUs + 9 * sec, ofBoot: 'earlier' });
  expect(gaps(after.pipeline.take())).toEqual([[-100, 9, 'restart']]);
});
