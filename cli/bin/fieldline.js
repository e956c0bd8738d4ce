#!/usr/bin/env node
// Plain JavaScript for Node 18 and newer: the `fieldline` command itself needs a Node that runs TypeScript and
// has node:sqlite. Where this one is too old, the Node 24 that npm brought along runs the command instead.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = new URL('../src/main.ts', import.meta.url);

if (canRunTypeScript(process.versions.node)) {
  // Compiled once a version of the sources, not once a start: the demo starts eight of these.
  module.enableCompileCache?.();
  await import(main.href);
} else runWith(bundledNode());

/** TypeScript without a flag came with 22.18 and 23.6; node:sqlite without a warning with 24. */
function canRunTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

function bundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const path = join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node');
    if (existsSync(path)) return path;
  } catch {
    // Not installed: the message below says what to do.
  }
  console.error(
    [
      `fieldline: Node.js ${process.versions.node} is too old, and no newer one came with this installation (${name}).`,
      process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
        ? 'Run `npm ci` without --omit=optional, which brings Node 24 along; or install Node.js 24.'
        : 'Install Node.js 24 or newer from https://nodejs.org and run this again.',
    ].join('\n'),
  );
  process.exit(1);
}

function runWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`fieldline: ${node} cannot be run: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0));
  });
}
