import {
  encodeBatch,
  batchTopic,
  type Batch,
  type DryRunFigures,
  type SensorBlock,
} from '@fieldline/protocol';
import type { RecentReadings, Recording } from '../aggregator/recent-readings.ts';
import { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { AgentConfig, SensorConfig } from './agent-config.ts';

/** Flushes that the replay of one sensor is cut into at most. */
const stepsMax = 2000;
/** After so many flushes the replay lets the sensors have their turn. */
const stepsPerTurn = 50;
/** Fixed header, lengths and packet id of a PUBLISH with QoS 1, in bytes. */
const publishOverheadBytes = 9;

type SensorFigures = DryRunFigures['sensors'][number] & { readonly batchesPerSec: number };

/**
 * Replays the last minutes of every sensor through pipelines made for `config`, and measures what they would
 * have sent: real windows, really encoded. Nothing of it is counted in the ledger or sent. A sensor that is not
 * recorded yet has zeros. `onBlocks` is given what would be sent. Throws what a pipeline throws: such a configuration must not run.
 */
export async function dryRun(
  config: AgentConfig,
  about: { readonly recordings: ReadonlyMap<string, RecentReadings>; readonly nowUs: number },
  onBlocks: (blocks: readonly SensorBlock[]) => void = () => undefined,
): Promise<DryRunFigures> {
  const sensors: SensorFigures[] = [];
  for (const sensor of config.sensors) {
    const recording = about.recordings.get(sensor.id)?.recording(about.nowUs);
    sensors.push(await replay(sensor, config, { recording, onBlocks }));
  }
  const sum = (of: (figures: SensorFigures) => number): number =>
    sensors.reduce((total, each) => total + of(each), 0);
  return {
    batchesPerSec: Math.min(
      1e6 / config.flushUs,
      sum(({ batchesPerSec }) => batchesPerSec),
    ),
    bytesPerSec: sum(({ bytesPerSec }) => bytesPerSec),
    sensors: sensors.map(({ sensor, readings, spanSec, rowsPerSec, bytesPerSec }) => ({
      sensor,
      readings,
      spanSec,
      rowsPerSec,
      bytesPerSec,
    })),
  };
}

async function replay(
  sensor: SensorConfig,
  { device, flushUs }: AgentConfig,
  about: {
    readonly recording: Recording | undefined;
    readonly onBlocks: (blocks: readonly SensorBlock[]) => void;
  },
): Promise<SensorFigures> {
  const { recording } = about;
  const t = recording?.t ?? new Float64Array(0);
  const fromUs = t[0] ?? 0;
  const spanUs = (t.at(-1) ?? 0) - fromUs;
  const nothing = { readings: 0, spanSec: 0, rowsPerSec: 0, bytesPerSec: 0, batchesPerSec: 0 };
  if (recording === undefined || spanUs <= 0) return { sensor: sensor.id, ...nothing };
  const { id, type, streams, latenessUs } = sensor;
  const ledger = new Ledger();
  const pipeline = new SensorPipeline({ sensor: id, type, streams, latenessUs, startedAtUs: 0, ledger });
  const total = { rows: 0, bytes: 0, batches: 0 };
  const stepUs = Math.max(flushUs, spanUs / stepsMax);
  let row = 0;
  for (let step = 1; row < t.length; step++) {
    const until = rowAfter(t, row, fromUs + step * stepUs);
    if (until > row) pipeline.emit(t.slice(row, until), columnsOf(sensor, recording, row, until));
    row = until;
    pipeline.closeDue(fromUs + step * stepUs);
    if (row === t.length) pipeline.closeAll(fromUs + step * stepUs);
    for (const blocks of takeAll(pipeline)) {
      count(total, batchOf(device, blocks, ledger), device);
      about.onBlocks(blocks);
    }
    if (step % stepsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const spanSec = spanUs / 1e6;
  return {
    sensor: id,
    readings: countValues(recording),
    spanSec,
    rowsPerSec: total.rows / spanSec,
    bytesPerSec: total.bytes / spanSec,
    batchesPerSec: total.batches / spanSec,
  };
}

/** The columns in the order of the new driver's blocks. */
function columnsOf(
  sensor: SensorConfig,
  recording: Recording,
  from: number,
  until: number,
): (Float64Array | undefined)[] {
  return sensor.driver.plan.quantities.map(({ quantity }) =>
    recording.columns[recording.quantities.indexOf(quantity)]?.slice(from, until),
  );
}

function rowAfter(t: Float64Array, from: number, untilUs: number): number {
  let row = from;
  while (row < t.length && t[row]! < untilUs) row += 1;
  return row;
}

/** Everything that waits to be sent, batch by batch. */
function* takeAll(pipeline: SensorPipeline): Iterable<SensorBlock[]> {
  for (let blocks = pipeline.take(); blocks.length > 0; blocks = pipeline.take()) yield blocks;
}

function count(total: { rows: number; bytes: number; batches: number }, batch: Batch, device: string): void {
  total.bytes += encodeBatch(batch).length + batchTopic(device).length + publishOverheadBytes;
  total.batches += 1;
  for (const block of batch.sensors) total.rows += rowsOf(block);
}

function rowsOf(block: SensorBlock): number {
  if (block.kind === 'readings') return block.t.length;
  return block.kind === 'windows' ? block.start.length : block.from.length;
}

function batchOf(device: string, sensors: SensorBlock[], ledger: Ledger): Batch {
  return {
    v: 1,
    device,
    epoch: 'dry-run',
    seq: 1,
    bootId: 'dry-run',
    sentAt: 0,
    clock: 'synced',
    configVersion: 0,
    lane: 'live',
    sensors,
    ledger: ledger.snapshot(new Map()),
  };
}

function countValues({ columns }: Recording): number {
  return columns.reduce(
    (sum, column) => sum + column.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0),
    0,
  );
}
