import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAgentConfig } from '@fieldline/edge';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runFieldline } from '../services/run-fieldline.ts';

const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));

/** Six kinds of virtual sensor, each at another rate, with what `detect` has to find. */
const sensors = [
  { kind: 'thermometer', baud: 4800, options: ['--format', 'plain', '--rate', '5'], format: 'thermometer' },
  {
    kind: 'thermometer',
    baud: 19_200,
    options: ['--format', 'labelled', '--rate', '5'],
    format: 'thermometer',
  },
  { kind: 'thermometer', baud: 57_600, options: ['--format', 'json', '--rate', '5'], format: 'json' },
  {
    kind: 'thermometer',
    baud: 38_400,
    options: ['--format', 'delimited', '--rate', '5'],
    format: 'delimited',
  },
  { kind: 'gnss', baud: 9600, options: ['--speed', '3'], format: 'nmea' },
  { kind: 'adc', baud: 230_400, options: [], format: 'mcu' },
] as const;
const drivers = ['thermometer', 'thermometer', 'thermometer', 'line', 'gnss', 'adc'];

let folder: string;
let simulators: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-detect-'));
  simulators = [];
});

afterEach(async () => {
  const ends = simulators.map((child) => once(child, 'exit'));
  for (const child of simulators) child.kill();
  await Promise.all(ends);
  rmSync(folder, { recursive: true });
});

/** Starts a virtual sensor as a user would; resolves when its port is there. */
async function simulate(words: readonly string[]): Promise<ChildProcess> {
  const child = spawn('node', [launcher, 'simulate', ...words, '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  simulators.push(child);
  await once(child.stdout, 'data');
  return child;
}

test('six kinds of sensor, each at another baud rate, are named with their rates; the configuration is ready to use', async () => {
  const links = sensors.map((_, at) => join(folder, `port${at}`));
  await Promise.all(
    sensors.map(({ kind, baud, options }, at) =>
      simulate([kind, '--link', links[at] ?? '', '--baud', String(baud), ...options]),
    ),
  );
  const { exitCode, stdout, stderr } = await runFieldline(['detect', links.join(','), '--json']);
  expect(stderr).toBe('');
  const { ports } = JSON.parse(stdout) as { ports: { sensor: { id: string; driver: string } }[] };
  expect(ports).toMatchObject(
    sensors.map(({ baud, format }, at) => ({
      path: links[at],
      state: 'recognised',
      baudRate: baud,
      format,
      sensor: { driver: drivers[at], port: links[at], baudRate: baud },
    })),
  );
  expect(exitCode).toBe(0);
  expect(new Set(ports.map(({ sensor }) => sensor.id)).size).toBe(sensors.length);
});

test('the printed YAML is a configuration that the agent takes', async () => {
  const link = join(folder, 'weather');
  await simulate([
    'thermometer',
    '--link',
    link,
    '--format',
    'delimited',
    '--rate',
    '10',
    '--baud',
    '115200',
  ]);
  const { exitCode, stdout } = await runFieldline(['detect', link, '--baud', '9600,115200']);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('at 115200 baud')]);
  const file = join(folder, 'agent.yaml');
  const head = 'device: lab-1\ngateway: { url: mqtt://127.0.0.1, password: x }\ndataDir: data\n';
  writeFileSync(file, `${head}${stdout}`);
  const config = await loadAgentConfig(file, {});
  expect(config.sensors.map(({ streams }) => streams.length)).toEqual([3]);
});

test('on noise it says that it does not know, and on silence that nothing came', async () => {
  const [loud, quiet] = [join(folder, 'loud'), join(folder, 'quiet')];
  const record = join(folder, 'noise.ndjson');
  const noisy = await simulate(['thermometer', '--link', loud, '--control', '--record', record]);
  await simulate(['thermometer', '--link', quiet, '--control']);
  const timer = setInterval(() => noisy.stdin?.write('garbage 40\n'), 50);
  const rates = ['--baud', '9600,115200,57600', '--wait', '1s'];
  const { exitCode, stdout } = await runFieldline(['detect', `${loud},${quiet}`, ...rates]);
  clearInterval(timer);
  expect(readFileSync(record, 'utf8').split('\n').length).toBeGreaterThan(20);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^sensors: \[\]\n/);
  expect(stdout).toMatch(/loud: I do not know\. \d+ bytes came/);
  expect(stdout).toMatch(/quiet: nothing came/);
});

test('a port that is not there, and a rate that is none, are named', async () => {
  const missing = await runFieldline(['detect', join(folder, 'none')]);
  expect([missing.exitCode, missing.stdout]).toEqual([1, expect.stringContaining('SOURCE_PORT_MISSING')]);
  const wrong = await runFieldline(['detect', '/dev/null', '--baud', 'fast']);
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('--baud fast')]);
});
