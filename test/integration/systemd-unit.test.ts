import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { requireProgram } from '../services/skips.ts';
import { unitEnvironment } from '../services/unit-environment.ts';
import { eventually } from '../services/wait.ts';

const run = promisify(execFile);
const analyze = requireProgram('systemd-analyze', ['systemd-analyze'], 'apt-get install systemd');
const unit = fileURLToPath(new URL('../../edge/systemd/fieldline-agent.service', import.meta.url));
const agentProgram = fileURLToPath(new URL('../../edge/src/testing/agent-process.ts', import.meta.url));

/** systemd's own measure of exposure, 0 to 10. What is left: the network, serial ports, and a JIT compiler. */
const exposureMax = 1.9;

describe.skipIf(analyze.missing)('the unit of the agent', () => {
  it(`has an exposure of ${exposureMax} at most, as systemd counts it`, async () => {
    const { stdout } = await run(analyze.path, ['security', '--offline=true', '--no-pager', unit]);
    const level = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
    expect(Number(level), stdout).toBeLessThanOrEqual(exposureMax);
  });

  it('has no key that systemd does not know', async () => {
    const failed: unknown = await run(analyze.path, ['verify', '--man=no', unit]).catch(
      (cause: unknown) => cause,
    );
    const { stderr } = failed as { stderr: string };
    const others = stderr.split('\n').filter((line) => line !== '' && !line.includes('is not executable'));
    expect(others).toEqual([]);
  });
});

describe('what the unit relies on', () => {
  it('is there: a stop within its time, variables that the agent reads, and memory as promised', async () => {
    const text = await readFile(unit, 'utf8');
    const agent = await readFile(new URL('../../edge/src/config/environment.ts', import.meta.url), 'utf8');
    const variables = [...text.matchAll(/^Environment=(FIELDLINE_\w+)=/gm)].map((match) => match[1] ?? '');
    expect(variables).toHaveLength(2);
    for (const name of variables) expect(agent).toContain(name);
    expect(text).toMatch(/^MemoryMax=128M$/m);
  });

  it('a runtime that takes the flags, and an address space that they leave room in', async () => {
    const { flags, variables } = unitEnvironment();
    expect(flags).not.toHaveLength(0);
    expect(Object.keys(variables)).toHaveLength(3);
    const script = 'console.log(require("v8").getHeapStatistics().heap_size_limit)';
    const { stdout } = await run(process.execPath, [...flags, '-e', script], { env: variables });
    expect(Number(stdout)).toBeGreaterThan(32 * 2 ** 20);
    expect(Number(stdout)).toBeLessThan(100 * 2 ** 20);
  });

  it('an agent that samples says that it has started, and feeds the watchdog, through systemd-notify', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fieldline-watchdog-'));
    const told = join(folder, 'told');
    await writeFile(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${told}\n`, { mode: 0o755 });
    const config = join(folder, 'agent.yaml');
    await writeFile(
      config,
      `device: w-1\ngateway: { url: 'mqtt://127.0.0.1:1', password: p }\ndataDir: ./data\nflush: 50ms\nsensors: []\n`,
    );
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      NOTIFY_SOCKET: join(folder, 'socket'),
      WATCHDOG_USEC: '300000',
    };
    const agent = spawn(process.execPath, [agentProgram, config], { env, stdio: 'ignore' });
    try {
      const feeds = async (): Promise<string[]> =>
        (await readFile(told, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
      const lines = await eventually('three feeds', async () => {
        const all = await feeds();
        return all.length >= 3 ? all : undefined;
      });
      expect(lines[0]).toBe('READY=1 WATCHDOG=1');
      expect(new Set(lines.slice(1))).toEqual(new Set(['WATCHDOG=1']));
      expect(await readFile(unit, 'utf8')).toMatch(/^Type=notify$/m);
    } finally {
      agent.kill('SIGTERM');
      await once(agent, 'close');
      await rm(folder, { recursive: true });
    }
  });
});
