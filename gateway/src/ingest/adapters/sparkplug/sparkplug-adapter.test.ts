import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sparkplugBytes, type MetricFields } from '../../../testing/sparkplug-bytes.ts';
import type { DialectContent } from '../adapter.ts';
import { readPayload, rebirthPayload } from './payload.ts';
import { SparkplugAdapter } from './sparkplug-adapter.ts';

const ms = 1_700_000_000_000;

/** A node `edge-1` of the group `plant`, as its host application hears it. */
class Node {
  readonly #adapter = new SparkplugAdapter();
  nowUs = ms * 1000;
  #seq = 0;

  birth(metrics: readonly MetricFields[]): DialectContent {
    this.#seq = 0;
    return this.send('NBIRTH', metrics);
  }

  /** Sends the next message, or one that leaves `skipped` numbers out. */
  send(kind: string, metrics: readonly MetricFields[], { skipped = 0, device = '' } = {}): DialectContent {
    this.#seq = (this.#seq + skipped) % 256;
    const payload = sparkplugBytes({ timestampMs: ms, seq: this.#seq, metrics });
    this.#seq = (this.#seq + 1) % 256;
    return this.read(`spBv1.0/plant/${kind}/edge-1${device && `/${device}`}`, payload);
  }

  read(topic: string, payload: Uint8Array): DialectContent {
    const content = this.#adapter.read({ topic, payload, names: {}, receivedAtUs: this.nowUs });
    if (!content.ok) throw new Error(content.refusal.detail);
    return content.value;
  }
}

const born: readonly MetricFields[] = [
  { name: 'bdSeq', datatype: 8, long: 0n },
  { name: 'Node Control/Rebirth', datatype: 11, boolean: false },
  { name: 'Temperature', alias: 1, datatype: 10, double: 20.5, unit: 'Cel' },
  { name: 'Level', alias: 2, datatype: 3, int: -5 },
  { name: 'Firmware', alias: 3, datatype: 12, string: '1.2' },
];

describe('a Sparkplug node', () => {
  test('is read by its birth: names, units, signed integers; what is no reading is left out', () => {
    const { readings, reply } = new Node().birth(born);
    expect(reply).toBeUndefined();
    expect(readings).toMatchObject([
      { quantity: 'Temperature', unit: 'Cel', value: 20.5, timeUs: ms * 1000, names: { node: 'edge-1' } },
      { quantity: 'Level', unit: undefined, value: -5 },
    ]);
  });

  test('then goes by aliases, with times of its metrics', () => {
    const node = new Node();
    node.birth(born);
    const { readings } = node.send('NDATA', [{ alias: 2, timestampMs: ms + 7, int: 300 }]);
    expect(readings).toMatchObject([{ quantity: 'Level', value: 300, timeUs: (ms + 7) * 1000 }]);
  });

  test('has devices with metrics of their own', () => {
    const node = new Node();
    node.birth(born);
    const device = 'boiler';
    node.send('DBIRTH', [{ name: 'Temperature', alias: 9, datatype: 9, float: 61.5 }], { device });
    const { readings } = node.send('DDATA', [{ alias: 9, float: 62.5 }], { device });
    expect(readings).toMatchObject([{ names: { node: 'edge-1', device }, value: 62.5 }]);
  });

  test('sends what it held back as historical', () => {
    const node = new Node();
    node.birth(born);
    const { readings, isHistorical } = node.send('NDATA', [
      { alias: 1, timestampMs: ms - 3_600_000, isHistorical: true, double: 19 },
    ]);
    expect([isHistorical, readings[0]?.timeUs]).toEqual([true, (ms - 3_600_000) * 1000]);
    expect(node.send('NDATA', [{ alias: 1, double: 19 }]).isHistorical).toBe(false);
  });

  test('leaves out what is null, and has refused what no double can hold', () => {
    const node = new Node();
    node.birth([...born, { name: 'Count', alias: 5, datatype: 8, long: 1n }]);
    const { readings } = node.send('NDATA', [
      { alias: 1, isNull: true },
      { alias: 5, long: 2n ** 60n + 1n },
    ]);
    expect(readings).toMatchObject([{ quantity: 'Count', value: undefined }]);
  });

  test.each([
    [1, { int: 0xff }, -1],
    [2, { int: 0x8000 }, -32_768],
    [3, { int: -2_147_483_648 }, -2_147_483_648],
    [4, { long: -7n }, -7],
    [5, { int: 0xff }, 255],
    [7, { int: 0xffff_ffff }, 4_294_967_295],
    [8, { long: 2n ** 53n - 1n }, 2 ** 53 - 1],
    [9, { float: 0.5 }, 0.5],
    [10, { double: -1e-300 }, -1e-300],
    [11, { boolean: true }, 1],
  ])('of data type %i', (datatype, value, expected) => {
    const { readings } = new Node().birth([{ name: 'M', datatype, ...value }]);
    expect(readings).toMatchObject([{ value: expected }]);
  });

  test('is asked for its births again where the sequence has a gap, not more than every 30 s', () => {
    const node = new Node();
    node.birth(born);
    const gap = node.send('NDATA', [{ alias: 1, double: 21 }], { skipped: 1 });
    expect(gap.readings).toHaveLength(1);
    expect(gap.reply?.topic).toBe('spBv1.0/plant/NCMD/edge-1');
    const command = readPayload(gap.reply?.payload ?? new Uint8Array(0));
    expect(command.ok && command.value.metrics).toMatchObject([
      { name: 'Node Control/Rebirth', value: true, datatype: 11 },
    ]);
    expect(node.send('NDATA', [{ alias: 1, double: 21 }], { skipped: 1 }).reply).toBeUndefined();
    node.nowUs += 30e6;
    expect(node.send('NDATA', [{ alias: 1, double: 21 }], { skipped: 1 }).reply).toBeDefined();
  });

  test('is asked where it was never born, or has died', () => {
    const stranger = new Node();
    const first = stranger.send('NDATA', [{ alias: 1, double: 21 }]);
    expect([first.readings.length, first.reply?.topic]).toEqual([0, 'spBv1.0/plant/NCMD/edge-1']);
    const node = new Node();
    node.birth(born);
    node.read(
      'spBv1.0/plant/NDEATH/edge-1',
      sparkplugBytes({ metrics: [{ name: 'bdSeq', datatype: 8, long: 0n }] }),
    );
    expect(node.send('NDATA', [{ alias: 1, double: 21 }]).reply).toBeDefined();
  });

  test('counts to 255 and begins again without a gap', () => {
    const node = new Node();
    node.birth(born);
    const replies = Array.from({ length: 600 }, () => node.send('NDATA', [{ alias: 1, double: 21 }]).reply);
    expect(replies.filter(Boolean)).toEqual([]);
  });

  test('answers no bytes whatever with an exception', () => {
    const adapter = new SparkplugAdapter();
    const topics = [
      'spBv1.0/plant/NBIRTH/edge-1',
      'spBv1.0/plant/DDATA/edge-1/x',
      'spBv1.0/plant/NDATA',
      'STATE/a',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...topics), fc.uint8Array({ maxLength: 200 }), (topic, payload) => {
        adapter.read({ topic, payload, names: {}, receivedAtUs: 0 });
      }),
      { numRuns: 500 },
    );
  });

  test('writes the command as another hand does', () => {
    const metric = { name: 'Node Control/Rebirth', timestampMs: 5, datatype: 11, boolean: true };
    expect(Buffer.from(rebirthPayload(5000))).toEqual(sparkplugBytes({ timestampMs: 5, metrics: [metric] }));
  });
});
