import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../../edge/src/testing/test-broker.ts';
import { TestPort } from '../../edge/src/testing/test-port.ts';

const guide = fileURLToPath(new URL('../../docs/guides/unix-pipeline.md', import.meta.url));
const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));
const run = promisify(execFile);

/** The script that the guide shows, so that what is printed there is what runs here. */
async function scriptOf(name: string): Promise<string> {
  const text = await readFile(guide, 'utf8');
  const found = new RegExp(`\`\`\`sh\\n#!/bin/sh\\n# ${name}[^]*?\`\`\``).exec(text)?.[0];
  if (found === undefined) throw new Error(`the guide has no script ${name}`);
  return found.replace('```sh\n', '').replace(/```$/, '');
}

describe('the pipeline of the guide', () => {
  let folder: string;
  let port: TestPort;
  let broker: TestBroker;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldline-pipeline-'));
    port = new TestPort(join(folder, 'thermometer'));
    broker = await TestBroker.start();
    await writeFile(
      join(folder, 'pipeline.yaml'),
      `device: cron-1
gateway: { url: 'mqtt://127.0.0.1:${broker.port}', password: secret }
dataDir: ./data
sensors: [{ id: air, driver: thermometer, port: ${join(folder, 'thermometer')} }]
`,
    );
    await writeFile(join(folder, 'fieldline'), `#!/bin/sh\nexec node ${launcher} "$@"\n`, { mode: 0o755 });
  });

  afterAll(async () => {
    await broker.stop();
    port.unplug();
    await rm(folder, { recursive: true });
  });

  async function runScript(name: string): Promise<void> {
    const script = (await scriptOf(name)).replaceAll('/var/lib/pipeline', folder);
    const path = join(folder, `${name}.sh`);
    await writeFile(path, script, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    await run('sh', [path], { env, timeout: 60_000 });
  }

  it('reads a temperature each minute, keeps the last hour, aggregates and loads', async () => {
    const now = Date.now() * 1000;
    const old = { t: now - 2 * 3.6e9, sensor: 'air', quantity: 'temperature', unit: 'Cel', v: -99 };
    const recent = { ...old, t: now - 60e6, v: 20 };
    await writeFile(
      join(folder, 'hour.ndjson'),
      `${JSON.stringify(old)}\n${JSON.stringify(recent)}\nno reading\n`,
    );
    const writing = setInterval(() => port.write('22.0\n'), 200);
    await runScript('each-minute').finally(() => clearInterval(writing));
    const kept = (await readFile(join(folder, 'hour.ndjson'), 'utf8')).trim().split('\n');
    expect(kept.map((line): unknown => JSON.parse(line))).toEqual([
      recent,
      expect.objectContaining({ sensor: 'air', quantity: 'temperature', unit: 'Cel', v: 22 }),
    ]);

    await runScript('each-hour');
    const fields = broker.batches.flatMap(({ sensors }) =>
      sensors.flatMap((block) => (block.kind === 'readings' ? [block.fields] : [])),
    );
    const values = (quantity: string): number[] =>
      fields.flatMap((each) => [...(each[quantity]?.v ?? [])].filter((v) => !Number.isNaN(v)));
    // Two readings a minute apart may stand on either side of a full hour.
    expect(values('temperature_count').reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(Math.min(...values('temperature_min'))).toBe(20);
    expect(Math.max(...values('temperature_max'))).toBe(22);
  });

  it('says what is missing, and keeps what cannot be sent for the next call', async () => {
    const config = join(folder, 'pipeline.yaml');
    const line = JSON.stringify({
      t: Date.now() * 1000,
      sensor: 'air',
      quantity: 'later',
      unit: 'Cel',
      v: 5,
    });
    const publish = (timeout: string): Promise<{ stderr: string }> =>
      run('sh', ['-c', `echo '${line}' | node ${launcher} publish --config ${config} --timeout ${timeout}`]);
    const { port: brokerPort } = broker;
    await broker.stop();
    await expect(publish('200ms')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('wait in'),
    });
    broker = await TestBroker.start(brokerPort);
    await publish('20s');
    const later = broker.batches.flatMap(({ sensors }) =>
      sensors.flatMap((block) => (block.kind === 'readings' ? [...(block.fields['later']?.v ?? [])] : [])),
    );
    expect(later).toEqual([5, 5]);
  });
});
