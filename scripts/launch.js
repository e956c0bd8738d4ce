#!/usr/bin/env node
// Runs a TypeScript file of this folder on Node 24, whichever Node started this one: `node scripts/launch.js
// scripts/test.ts`. Plain JavaScript of 2021, so that even an old Node gives the message below instead of a
// syntax error. npm scripts find node_modules/.bin/node first; a plain shell does not.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const oldest = 24;
const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= oldest) run(process.execPath);
else if (existsSync(bundled)) run(bundled);
else {
  console.error(
    `Fieldline runs on Node.js ${oldest}; this is ${process.version}, and no bundled one was found.\n` +
      'On Linux (x64, arm64) `npm ci` brings it; elsewhere install Node.js 24 and run this again.',
  );
  process.exitCode = 2;
}

/** Hands over arguments, streams and signals, and ends as the child ends. */
function run(node) {
  const child = spawn(node, process.argv.slice(2), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}
