/**
 * Writes the golden messages that do not exist yet: `node protocol/vectors/write-vectors.ts`. A file that
 * exists is never written again, since other implementations are tested against it.
 */
import { writeFileSync } from 'node:fs';
import { Sketch, WindowAccumulator } from '../src/aggregate/index.ts';
import { encodeBatch, packFloats, type Batch } from '../src/index.ts';

const t0 = 1_790_000_000_000_000;
const envelope = {
  v: 1,
  device: 'greenhouse-1',
  epoch: '7h2kq0',
  bootId: 'b41c9e',
  clock: 'synced',
  configVersion: 3,
  lane: 'live',
} as const;
const temperatures = [20.31, 20.33, 20.33, 20.28, 19.9, -0.01, -0, 0.02];

const readings: Batch = {
  ...envelope,
  seq: 1,
  sentAt: t0 + 8_000_250,
  sensors: [
    {
      sensor: 'air',
      type: 'thermometer',
      kind: 'readings',
      t: Float64Array.from(temperatures, (_, index) => t0 + index * 1_000_000 + ((index * 7919) % 501)),
      fields: { temperature: { unit: 'Cel', v: Float64Array.from(temperatures) } },
    },
    {
      sensor: 'roof',
      type: 'gnss',
      kind: 'readings',
      t: Float64Array.of(t0, t0 + 1_000_000, t0),
      fields: {
        lat: { unit: 'lat', v: Float64Array.of(47.606209, 47.606211, 47.606211), q: Uint8Array.of(0, 1, 2) },
        altitude: { unit: 'm', v: Float64Array.of(NaN, 1 / 3, 56.4) },
      },
      extra: true,
    },
  ],
  ledger: { 'air/temperature': { taken: 10, filtered: 1, refused: 0, lost: 0, open: 1, batched: 8 } },
};

const windows: Batch = { ...envelope, seq: 2, sentAt: t0 + 30_000_000, sensors: windowsBlocks(), ledger: {} };

const gapsAndLosses: Batch = {
  ...envelope,
  seq: 3,
  clock: 'holdover',
  lane: 'backlog',
  sentAt: t0 + 40_000_000,
  sensors: [
    {
      sensor: 'air',
      type: 'thermometer',
      kind: 'gaps',
      from: Float64Array.of(t0, t0 + 60_000_000),
      to: Float64Array.of(t0 + 30_000_000, t0 + 61_500_000),
      reason: ['silence', 'port disappeared'],
    },
  ],
  dropped: [[1, 2, 'outbox full', { 'air/temperature': 8 }]],
  ledger: { 'air/temperature': { taken: 10, filtered: 1, refused: 0, lost: 8, open: 1, batched: 0 } },
  anchor: { bootId: 'b41c9d', monotonicUs: 12_345_678, wallUs: t0 - 1 },
};

const ledgerOnly: Batch = { ...envelope, seq: 4, sentAt: t0 + 41_000_000, sensors: [], ledger: readings.ledger };

function windowsBlocks(): Batch['sensors'] {
  const lists = [[20.31, 20.33, 20.28], [], [-5, 0, 5, 1e-3]];
  const filled = lists.map((list) => {
    const window = new WindowAccumulator({ sketch: true });
    window.recordBlock(Float64Array.from(list));
    return window;
  });
  const column = (name: 'sum' | 'min' | 'max' | 'first' | 'last' | 'm2'): Float64Array =>
    Float64Array.from(filled, ({ moments }) => moments[name]);
  const field = {
    unit: 'Cel',
    count: Float64Array.from(filled, ({ count }) => count),
    sum: column('sum'),
    min: column('min'),
    max: column('max'),
    first: column('first'),
    last: column('last'),
    m2: column('m2'),
    sketch: filled.map(({ sketch, count }) => (sketch && count > 0 ? sketch.encode() : null)),
  };
  const start = Float64Array.from(lists, (_, index) => t0 + index * 10_000_000);
  const end = start.map((us) => us + 10_000_000);
  const head = { sensor: 'soil', type: 'thermometer', kind: 'windows', window: '10s' } as const;
  return [{ ...head, start, end, partial: Uint8Array.of(0, 0, 1), fields: { temperature: field } }];
}

const batches = { readings, windows, 'gaps-and-losses': gapsAndLosses, 'ledger-only': ledgerOnly };

const columns: Readonly<Record<string, readonly number[]>> = {
  empty: [],
  'one value': [20.31],
  'one constant double': [1 / 3, 1 / 3, 1 / 3],
  'level: noise around 20': [20.01, 20.03, 19.98, 20.02, 20, 19.97, 20.04, 19.99],
  'delta: a walk': [100, 103, 105, 104, 108, 111, 113, 112, 115, 119],
  'slope: a parabola': [0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121],
  'line: jittered times': Array.from({ length: 16 }, (_, index) => t0 + index * 1e6 + ((index * 7919) % 997)),
  'an outlier, escaped': [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 9_000_000_000, 1, 2, 1, 2, 1, 2, 1, 2],
  'absent values and negative zeros': [NaN, 0.5, -0, NaN, 1.5, -0, 0],
  'xor: thirds': [1 / 3, 2 / 3, 1 / 3, 1 / 3, 4 / 3, -1 / 3],
  'raw: unrelated doubles': [Math.PI, -1e-300, 1.7e308, Math.SQRT2],
  'all absent': [NaN, NaN, NaN],
  infinities: [Infinity, -Infinity, 0.1],
};

const sketches: Readonly<Record<string, readonly number[]>> = {
  empty: [],
  'one value': [20.31],
  'across zero': [-19.99, -7.46, -0.5, 0, 0, 0.5, 3, 20, 20.01, 20.02],
  'nine decades': Array.from({ length: 40 }, (_, index) => 1e-4 * 1.7 ** index),
};

function write(name: string, content: Uint8Array | string): void {
  try {
    writeFileSync(new URL(name, import.meta.url), content, { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** JSON has no NaN, infinity or negative zero: doubles are given as text, as `String` writes them, and `-0`. */
function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

for (const [name, batch] of Object.entries(batches)) {
  write(`${name}.packed.cbor`, encodeBatch(batch));
  write(`${name}.plain.cbor`, encodeBatch(batch, { packed: false }));
  write(`${name}.packed.json`, encodeBatch(batch, { format: 'json' }));
  write(`${name}.plain.json`, encodeBatch(batch, { format: 'json', packed: false }));
  write(`${name}.packed.cbor.gz`, encodeBatch(batch, { gzip: true }));
  write(`${name}.packed.cbor.z`, encodeBatch(batch, { dictionary: true }));
}
const columnVectors = Object.entries(columns).map(([what, values]) => ({
  what,
  values: values.map(doubleText),
  bytes: hex(packFloats(Float64Array.from(values))),
}));
write('columns.json', `${JSON.stringify(columnVectors, null, 1)}\n`);
const sketchVectors = Object.entries(sketches).map(([what, values]) => {
  const sketch = new Sketch();
  sketch.recordBlock(Float64Array.from(values));
  const quantiles = [0, 0.5, 0.99, 1].map((q) => ({ q, value: doubleText(sketch.quantile(q)) }));
  return { what, relativeAccuracy: 0.01, values: values.map(doubleText), quantiles, bytes: hex(sketch.encode()) };
});
write('sketches.json', `${JSON.stringify(sketchVectors, null, 1)}\n`);
