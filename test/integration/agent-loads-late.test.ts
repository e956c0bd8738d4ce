import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleAgent } from '../../edge/bundle/bundle-agent.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-late-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Says on standard output, when it is asked, which modules of Node.js the process has loaded. */
const tellModules = `process.on('SIGUSR2', () => console.log(JSON.stringify(process.moduleLoadList)));\n`;

test('the bundled agent runs without TLS and HTTP until it is asked for an address that needs them', async () => {
  const { program } = await bundleAgent({ folder, platforms: ['linux-x64'] });
  const config = join(folder, 'agent.yaml');
  const preload = join(folder, 'tell-modules.cjs');
  await writeFile(preload, tellModules);
  // Nobody answers there: the agent tries to connect, as far as it comes, and goes on.
  await writeFile(
    config,
    "device: lab-1\ngateway: { url: 'mqtt://127.0.0.1:1', password: secret }\ndataDir: ./data\nsensors: [{ id: self, driver: agent }]\n",
  );
  const words = ['--require', preload, program, '--config', config];
  const agent = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    for await (const line of createInterface({ input: agent.stderr }))
      if (line.includes('UPLINK_UNREACHABLE')) break;
    agent.kill('SIGUSR2');
    const [text] = (await once(agent.stdout, 'data')) as [Buffer];
    const loaded: unknown = JSON.parse(String(text));
    expect(loaded).toContain('NativeModule net');
    for (const late of ['tls', 'https', 'http', '_http_client', 'internal/deps/undici/undici'])
      expect(loaded).not.toContain(`NativeModule ${late}`);
  } finally {
    const ended = once(agent, 'exit');
    agent.kill('SIGKILL');
    await ended;
  }
});
