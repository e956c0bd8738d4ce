import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FieldlineError } from '@fieldline/protocol';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const dashboard = join(root, 'dashboard');
const built = join(dashboard, 'dist', 'index.html');
/** What the dashboard is made of; a change in any of it makes the build stale. */
const sources = [
  'dashboard/src',
  'dashboard/public',
  'dashboard/index.html',
  'dashboard/vite.config.ts',
  'dashboard/package.json',
  'protocol/src',
];
const lock = join(root, 'node_modules', '.fieldline-dashboard-build');
const BUILD_TIMEOUT_MS = 180_000;
const LOCK_POLL_MS = 200;

/** Builds the dashboard where it is missing or older than its sources; `say` hears of it before it begins. */
export async function buildDashboard(say: (what: string) => void): Promise<void> {
  if (!isStale()) return;
  await takeLock();
  try {
    // Another demo may have built it while this one waited.
    if (!isStale()) return;
    say('Building the dashboard …');
    await runVite();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isStale(): boolean {
  if (!existsSync(built)) return true;
  const builtAtMs = statSync(built).mtimeMs;
  return sources.some((source) => newestMs(join(root, source)) > builtAtMs);
}

function newestMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return path.endsWith('.test.ts') ? 0 : stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

/** One build at a time on a machine; a lock that outlived its build is taken over. */
async function takeLock(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch {
      const stats = statSync(lock, { throwIfNoEntry: false });
      if (stats && Date.now() - stats.mtimeMs > BUILD_TIMEOUT_MS)
        rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
  }
}

function runVite(): Promise<void> {
  return new Promise((resolve, reject) => {
    const require = createRequire(join(dashboard, 'package.json'));
    const vite = join(dirname(require.resolve('vite/package.json')), 'bin', 'vite.js');
    const words = [vite, 'build', '--logLevel', 'warn'];
    execFile(
      process.execPath,
      words,
      { cwd: dashboard, timeout: BUILD_TIMEOUT_MS },
      (cause, stdout, stderr) => {
        if (!cause) resolve();
        else
          reject(
            new FieldlineError('CLI_DASHBOARD_BUILD_FAILED', {
              subject: dashboard,
              detail: `${stdout}${stderr}`,
              cause,
            }),
          );
      },
    );
  });
}
