import { gzipSync } from 'node:zlib';
import { decodeBatch, encodeBatch, packFloats, packTimes } from '../../protocol/src/index.ts';
import { benchResult, measure, perSecond, type BenchResult } from './bench-result.ts';
import { yardstickBatch, yardstickColumns } from './yardstick.ts';

/** Readings of the yardstick series. */
const readings = 100;
/** How many series the medians are taken over. */
const seeds = 7;

/**
 * `protocol-bytes`: bytes a reading of the yardstick series, 100 readings of a real temperature.
 *
 * Ours is first the packed columns alone, times and values; then the whole message as the agent sends it,
 * with names and ledger; then the same with the preset dictionary, which no agent uses unasked. The peer is
 * the same readings as InfluxDB line protocol, plain and gzipped. Caveats: line protocol carries no ledger,
 * and no sequence; the noise and the jitter are synthetic, and more of either costs every side more.
 */
export function runProtocolBytes(): Promise<BenchResult[]> {
  const batches = Array.from({ length: seeds }, (_, seed) => yardstickBatch(readings, seed + 1));
  const bytesOf = (size: (batch: (typeof batches)[number]) => number): number[] =>
    batches.map((batch) => size(batch) / readings);
  const line = { name: 'line protocol', values: bytesOf((batch) => lineProtocol(batch).length) };
  const gzippedLine = {
    name: 'line protocol, gzip',
    values: bytesOf((batch) => gzipSync(lineProtocol(batch)).length),
  };
  const columns = bytesOf(columnBytes);
  const message = bytesOf((batch) => encodeBatch(batch).length);
  const shrunk = bytesOf((batch) => encodeBatch(batch, { dictionary: true }).length);
  const result = (name: string, ours: number[], peer: typeof line): BenchResult =>
    benchResult({ name, unit: 'bytes/reading', ours, peer, packages: ['cbor-x'] });
  return Promise.resolve([
    result('protocol-bytes', columns, gzippedLine),
    result('protocol-bytes: beside plain line protocol', columns, line),
    result('protocol-bytes: the whole message', message, gzippedLine),
    result('protocol-bytes: the whole message with the dictionary', shrunk, gzippedLine),
  ]);
}

/**
 * `protocol-decode`: readings a second of `decodeBatch`, which checks all of a batch, beside `JSON.parse` of
 * the same readings as one object each, which checks nothing. Caveat: one thread, hot code, no I/O.
 */
export async function runProtocolDecode(): Promise<BenchResult[]> {
  return [
    await compareDecoding('protocol-decode', 1000, {}),
    await compareDecoding('protocol-decode: 100 readings a batch', 100, {}),
    await compareDecoding('protocol-decode: 100 readings a batch, with the dictionary', 100, {
      dictionary: true,
    }),
  ];
}

function compareDecoding(name: string, count: number, form: { dictionary?: boolean }): Promise<BenchResult> {
  const batch = yardstickBatch(count);
  const { t, v } = yardstickColumns(batch);
  const bytes = encodeBatch(batch, form);
  const objects = Array.from(t, (timeUs, index) => {
    return {
      device: 'greenhouse-1',
      sensor: 'air',
      quantity: 'temperature',
      unit: 'Cel',
      t: timeUs,
      v: v[index],
    };
  });
  const json = new TextEncoder().encode(JSON.stringify(objects));
  const text = new TextDecoder();
  const decode = (): void => {
    if (!decodeBatch(bytes).ok) throw new Error('the benchmark encodes what it cannot decode');
  };
  return measure({
    name,
    unit: 'readings/s',
    ours: () => perSecond(decode, count),
    peer: {
      name: 'JSON.parse of objects',
      measure: () => perSecond(() => JSON.parse(text.decode(json)), count),
    },
    packages: ['cbor-x'],
  });
}

function columnBytes(batch: ReturnType<typeof yardstickBatch>): number {
  const { t, v } = yardstickColumns(batch);
  return packTimes(t).length + packFloats(v).length;
}

function lineProtocol(batch: ReturnType<typeof yardstickBatch>): Buffer {
  const { t, v } = yardstickColumns(batch);
  const lines = Array.from(t, (timeUs, index) => {
    return `thermometer,device=${batch.device},sensor=air temperature=${v[index]} ${timeUs}\n`;
  });
  return Buffer.from(lines.join(''));
}
