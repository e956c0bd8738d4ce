import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AgentConfig } from './agent-config.ts';
import { loadAgentConfig } from './load-agent-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'transforms-'));
afterAll(() => rmSync(folder, { recursive: true }));

const position = `
  - id: position
    driver: gnss
    port: /dev/null
    streams: { lat: { transforms: [LAT] }, lon: { transforms: [LON] } }`;

async function load(temperature: string, others = ''): Promise<AgentConfig> {
  const path = join(folder, 'agent.yaml');
  writeFileSync(
    path,
    `device: d
gateway: { url: mqtt://127.0.0.1:1, password: p }
dataDir: ./data
sensors:
  - id: air
    driver: thermometer
    port: /dev/null
    streams: { temperature: ${temperature} }${others}
`,
  );
  return loadAgentConfig(path, {});
}

describe('transforms in a configuration', () => {
  it('are kept in their order, and say the unit that travels', async () => {
    const { sensors } = await load(
      '{ unit: degF, transforms: [{ range: { min: -40 } }, { units: { to: Cel } }, { deadband: { absolute: 0.1 } }] }',
    );
    const [stream] = sensors[0]?.streams ?? [];
    expect(stream?.unit).toBe('Cel');
    expect(stream?.transforms?.map(({ name }) => name)).toEqual(['range', 'units', 'deadband']);
  });

  it('add the streams that they join, with the unit of their source', async () => {
    const other = position.replace('LAT', '{ range: { max: 90 } }').replace('LON', '');
    const { sensors } = await load(
      '{ transforms: [{ join: { sensor: position, quantities: [lat, altitude] } }] }',
      other,
    );
    expect(sensors[0]?.streams.map(({ quantity, unit }) => [quantity, unit])).toEqual([
      ['temperature', 'Cel'],
      ['lat', 'lat'],
      ['altitude', 'm'],
    ]);
  });

  it.each([
    ['[{ rnage: { min: 1 } }]', /"rnage" is unknown; did you mean "range"\?/],
    ['[{ range: { minimum: 1 } }]', /"minimum" is unknown; did you mean "min"\?/],
    ['[{ calibrate: { linear: { scael: 1 } } }]', /did you mean "scale"\?/],
    ['[{ range: { min: 1 }, spike: {} }]', /transforms\[0\]/],
    ['[{}]', /transforms\[0\]/],
    ['[{ range: {} }]', /give min, max, or both/],
    ['[{ range: { min: 2, max: 1 } }]', /min: 2 is above max, 1/],
    ['[{ calibrate: {} }]', /give one of linear/],
    ['[{ calibrate: { thermistor: { a: 1 } } }]', /give a, b and c, or beta/],
    ['[{ calibrate: { table: { points: [[1, 2], [1, 3]] } } }]', /1 stands there twice/],
    ['[{ units: { to: degF } }]', /"degF" is not a unit of the SenML registry/],
    ['[{ units: { to: Pa } }]', /"Cel" cannot become "Pa"/],
    ['[{ units: { from: farenheit, to: Cel } }]', /"farenheit" cannot be converted/],
    ['[{ stuck: { after: 5 } }]', /string/],
    ['[{ stuck: { after: 5 parsecs } }]', /after: "5 parsecs" is not a duration/],
    ['[{ deadband: { heartbeat: 1s } }]', /give absolute, percent, or both/],
    ['[{ swinging-door: {} }]', /deviation/],
    ['[{ rate: { wrap: 100, unit: K } }]', /wrap: goes with counter: true/],
    ['[{ rate: {} }]', /name the unit of the rate/],
    ['[{ privacy: {} }]', /needs a sensor that yields lat and lon/],
    ['[{ join: { sensor: nobody, quantities: [lat] } }]', /there is no sensor "nobody"/],
    ['[{ join: { sensor: air, quantities: [temperature] } }]', /share their times already/],
    ['[{ join: { sensor: x, quantities: [lat] } }, { range: { min: 1 } }]', /join stands last/],
  ])('refuses %s by name', async (transforms, message) => {
    await expect(load(`{ transforms: ${transforms} }`)).rejects.toThrow(message);
  });

  it('refuses to hide one coordinate and not the other, or hiding it too late', async () => {
    const hidden = '{ privacy: {} }';
    const half = position.replace('LAT', hidden).replace('LON', '');
    await expect(load('{}', half)).rejects.toThrow(/must stand on both lat and lon/);
    const late = position.replace('LAT', `{ range: { max: 90 } }, ${hidden}`).replace('LON', hidden);
    await expect(load('{}', late)).rejects.toThrow(/privacy stands first/);
    await expect(load('{}', position.replace('LAT', hidden).replace('LON', hidden))).resolves.toBeDefined();
  });
});
