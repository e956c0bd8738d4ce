import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));
/** Lets this Node pass for an old one; it reaches only the launcher, which hands no flags of Node on. */
const pretendOld = [
  '--import',
  'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.19.0"})',
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-launcher-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function launch(script: string, words: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [...pretendOld, script, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

async function outcome(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  await closed;
  return { code: child.exitCode, stdout, stderr };
}

test('an old Node hands over to the Node 24 that came with the installation', async () => {
  const { code, stdout } = await outcome(launch(launcher, ['doctor', '--json']));
  const { findings } = JSON.parse(stdout) as { findings: { check: string; found: string }[] };
  expect(findings.find(({ check }) => check === 'Node.js')?.found).toMatch(/^24\./);
  expect([0, 1]).toContain(code);
});

test('the exit code of the command is the exit code of the launcher', async () => {
  const { code, stderr } = await outcome(launch(launcher, ['frobnicate']));
  expect(code).toBe(2);
  expect(stderr).toContain('frobnicate');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 0],
] as const)('%s reaches the command, which ends in order with %i', async (signal, expected) => {
  const child = launch(launcher, ['simulate', 'thermometer', '--json']);
  await once(child.stdout!, 'data');
  child.kill(signal);
  expect((await outcome(child)).code).toBe(expected);
});

test('without any Node 24 it says what to do, and ends with 1', async () => {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const lonely = join(folder, 'bin', 'fieldline.js');
  copyFileSync(launcher, lonely);
  const { code, stderr } = await outcome(launch(lonely, ['--help']));
  expect(code).toBe(1);
  expect(stderr).toMatch(/Node\.js 20\.19\.0 is too old/);
  expect(stderr).toMatch(/npm ci|install Node\.js 24/i);
});
