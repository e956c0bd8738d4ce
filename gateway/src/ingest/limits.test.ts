import { batchTopic, encodeBatch, type Batch } from '@fieldline/protocol';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchOf, publishBatch, startRig, type GatewayRig } from '../gateway-rig.ts';

let rig: GatewayRig;
let client: MqttClient;
let seq = 0;

beforeAll(async () => {
  rig = await startRig({ limits: { streamsPerDevice: 100, deadLetters: 50 } });
  client = await rig.connect('porch', await rig.addDevice('porch'));
});
afterAll(() => rig.end());

const streams = async (): Promise<string[]> => {
  const answer = (await (await rig.get('/api/v1/streams')).json()) as { streams: { stream: string }[] };
  return answer.streams.map(({ stream }) => stream);
};

/** The batch with its one quantity under another name, and what else is changed of the field. */
function named(batch: Batch, quantity: string, field: { unit?: string } = {}): Batch {
  const sensors = batch.sensors.map((block) =>
    block.kind === 'readings'
      ? { ...block, fields: { [quantity]: { unit: 'Cel', v: block.t.map(() => 20), ...field } } }
      : block,
  );
  const totals = { taken: batch.seq, filtered: 0, refused: 0, lost: 0, open: 0, batched: 1 };
  return { ...batch, sensors, ledger: { [`air/${quantity}`]: { ...totals, taken: 1 } } };
}

describe('a name or unit that could reach a store, a path or a page', () => {
  test.each([
    ['a line break', 'a\nb'],
    ['a comma', 'a,b'],
    ['an equals sign', 'a=b'],
    ['a blank', 'a b'],
    ['a quote', 'a"b'],
    ['a backslash', 'a\\'],
    ['a path', '../b'],
    ['a tag', '<script>'],
    ['a capital', 'Temperature'],
    ['nothing', ''],
    ['too much', 'a'.repeat(64)],
    ['a prototype', '__proto__'],
  ])('with %s is refused', async (_name, quantity) => {
    const batch = JSON.parse(
      Buffer.from(encodeBatch(batchOf('porch', ++seq), { format: 'json', packed: false })).toString(),
    );
    const { temperature } = batch.sensors[0].fields;
    // Written by hand: an object literal would make a prototype of the last one.
    const fields = `{${JSON.stringify(quantity)}:${JSON.stringify(temperature)}}`;
    batch.sensors[0].fields = '@';
    const payload = JSON.stringify(batch).replace('"@"', () => fields);
    await client.publishAsync(batchTopic('porch'), payload, { qos: 1 });
    const [letter] = await rig.deadLetters();
    expect(['BATCH_INVALID', 'BATCH_UNDECODABLE']).toContain(letter?.code);
    await publishBatch(client, batchOf('porch', ++seq));
    const ofPorch = (await streams()).filter((each) => each.startsWith('porch'));
    expect(ofPorch.filter((each) => each !== 'porch/air/temperature')).toEqual([]);
  });

  test.each(['no unit', 'a\nb', 'é', ''])('the unit %j is refused', async (unit) => {
    await publishBatch(client, named(batchOf('porch', ++seq), 'temperature', { unit }));
    expect((await rig.deadLetters())[0]).toMatchObject({ code: 'BATCH_INVALID', count: 1 });
  });

  test.each(['a text', true, { v: 1 }])('the value %j is refused', async (value) => {
    const batch = JSON.parse(
      Buffer.from(encodeBatch(batchOf('porch', ++seq), { format: 'json', packed: false })).toString(),
    );
    batch.sensors[0].fields.temperature.v = [value];
    await client.publishAsync(batchTopic('porch'), JSON.stringify(batch), { qos: 1 });
    expect((await rig.deadLetters())[0]).toMatchObject({ code: 'BATCH_INVALID', count: 1 });
  });
});

test('ten thousand new stream names end at the limit, by name, and the device goes on', async () => {
  const attic = await rig.connect('attic', await rig.addDevice('attic'));
  for (let round = 0; round < 20; round++) {
    const sending = Array.from({ length: 500 }, (_, index) => {
      const number = round * 500 + index + 1;
      return publishBatch(attic, named(batchOf('attic', number), `q-${number}`));
    });
    await Promise.all(sending);
  }
  await expect
    .poll(async () => (await streams()).filter((each) => each.startsWith('attic/')))
    .toHaveLength(100);
  expect(await rig.refused('STREAM_LIMIT')).toBe(9900);
  expect((await rig.deadLetters()).length).toBeLessThanOrEqual(150);
  await publishBatch(attic, named(batchOf('attic', 10_001), 'q-1'));
  await expect
    .poll(async () => (await rig.ledger()).devices.find(({ device }) => device === 'attic')?.stored)
    .toBe(101);
});
