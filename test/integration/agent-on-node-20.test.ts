import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { bundleAgent } from '../../edge/bundle/bundle-agent.ts';
import { requireFile } from '../services/skips.ts';
import { unitEnvironment } from '../services/unit-environment.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const node20 = requireFile(
  'node-20',
  findNode20(['/usr/bin/node', '/usr/local/bin/node', 'nodejs']),
  'apt-get install nodejs (20.x), or set FIELDLINE_NODE20 to a Node 20',
);

/** A runtime of that version: the one that `FIELDLINE_NODE20` names, or one of these. */
function findNode20(usual: readonly string[]): string | undefined {
  const named = process.env['FIELDLINE_NODE20'];
  return (named === undefined ? usual : [named]).find((path) => versionOf(path).startsWith('v20.'));
}

function versionOf(path: string): string {
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

/** The workspaces are TypeScript, which Node 20 cannot run: they go into the file, packages of npm do not. */
const packagesStayOutside: Plugin = {
  name: 'packages-stay-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@fieldline/') ? undefined : { path, external: true },
    );
  },
};

describe.skipIf(node20.missing)('the bundled agent on Node 20, under node:test', () => {
  it('reads, delivers, recovers from kill -9 and is configured from afar', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fieldline-bundle-'));
    // Below node_modules, so that the packages that stay outside are found from there.
    const cache = join(root, 'node_modules/.cache');
    await mkdir(cache, { recursive: true });
    const cases = await mkdtemp(join(cache, 'fieldline-node-20-'));
    try {
      const { program } = await bundleAgent({ folder, platforms: ['linux-x64', 'linux-arm64'] });
      const outfile = join(cases, 'agent-cases.mjs');
      await build({
        entryPoints: [join(root, 'test/node20/agent-cases.ts')],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node20',
        plugins: [packagesStayOutside],
        logLevel: 'error',
      });
      const { variables, flags } = unitEnvironment();
      const env = {
        ...process.env,
        ...variables,
        NODE_OPTIONS: '',
        FIELDLINE_AGENT_BUNDLE: program,
        FIELDLINE_AGENT_FLAGS: flags.join(' '),
      };
      const words = ['--test', '--test-reporter=tap', outfile];
      const ended: unknown = await run(node20.path, words, { env }).catch((cause: unknown) => cause);
      const { stdout } = ended as { stdout: string };
      expect(stdout).toMatch(/^# pass 3$/m);
      expect(stdout).toMatch(/^# fail 0$/m);
    } finally {
      await rm(folder, { recursive: true });
      await rm(cases, { recursive: true });
    }
  });
});
