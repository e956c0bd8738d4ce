import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { writeFatImage } from '../../provision/src/testing/fat-image.ts';
import { benchResult, type BenchResult } from './bench-result.ts';

const mebi = 2 ** 20;
const imageBytes = 1000 * mebi;
const bootBytes = 64 * mebi;
const runs = 3;
/** How often the memory of the command is read; what the kernel tells is its highest mark. */
const lookEveryMs = 20;
const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));

interface Flashed {
  readonly rate: number;
  readonly peakMb: number;
}

/**
 * `flash-image`: megabytes of an image that `fieldline flash image --json` writes, injects, syncs and reads back a
 * second, on a raw image of 1 GB that nothing compresses, by the phases of its own report. The peer is
 * `dd conv=fsync` and a second `dd` that reads the result. `flash-image-memory`: the highest resident memory of the command, beside
 * that of a Node.js which does nothing.
 *
 * Caveats: a file, not a card, and read back through the kernel's memory on both sides; `dd` neither hashes nor compares.
 */
export async function runFlashImage(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-bench-'));
  const ours: Flashed[] = [];
  const theirs: number[] = [];
  const idle: number[] = [];
  try {
    const image = await makeImage(folder);
    for (let run = 0; run < runs; run++) {
      ours.push(await flash(image, folder));
      theirs.push(await copyByDd(image, join(folder, 'copy.img')));
      idle.push((await peakOf([process.execPath, '-e', ''])).peakMb);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const rate = { ours: ours.map((each) => each.rate), peer: { name: 'dd, and dd back', values: theirs } };
  const memory = { ours: ours.map((each) => each.peakMb), peer: { name: 'node -e ""', values: idle } };
  return [
    benchResult({ name: 'flash-image', unit: 'MB/s', ...rate }),
    benchResult({ name: 'flash-image-memory', unit: 'MB', ...memory }),
  ];
}

async function makeImage(folder: string): Promise<string> {
  const path = join(folder, 'os.img');
  const files = { 'cmdline.txt': 'root=/dev/mmcblk0p2\n', 'user-data': '#cloud-config\n' };
  await writeFatImage({ path, partitionBytes: bootBytes, restBytes: mebi, files });
  const file = openSync(path, 'r+');
  const block = Buffer.alloc(mebi);
  for (let at = bootBytes + 5 * mebi; at < imageBytes; at += mebi)
    writeSync(file, randomFillSync(block), 0, mebi, at);
  closeSync(file);
  mkdirSync(join(folder, 'packages'));
  writeFileSync(
    join(folder, 'packages/fieldline-runtime_1_arm64.deb'),
    randomFillSync(Buffer.alloc(38 * mebi)),
  );
  appendFileSync(join(folder, 'secret'), 'wie-geheim\n');
  return path;
}

async function flash(image: string, folder: string): Promise<Flashed> {
  const card = join(folder, 'card.img');
  const { stdout, peakMb } = await peakOf([
    ...[process.execPath, launcher, 'flash', 'image', image, '--output', card, '--name', 'bench-1'],
    ...['--gateway', 'mqtts://gateway.example:8883', '--password-file', join(folder, 'secret')],
    ...['--packages', join(folder, 'packages'), '--no-wait', '--json'],
  ]);
  rmSync(card);
  const { seconds } = JSON.parse(stdout) as { seconds: Readonly<Record<string, number>> };
  const all = Object.values(seconds).reduce((sum, each) => sum + each, 0);
  return { rate: imageBytes / 1e6 / all, peakMb };
}

async function copyByDd(from: string, to: string): Promise<number> {
  const startedMs = performance.now();
  await peakOf(['dd', `if=${from}`, `of=${to}`, 'bs=1M', 'conv=fsync', 'status=none']);
  await peakOf(['dd', `if=${to}`, 'of=/dev/null', 'bs=1M', 'status=none']);
  const seconds = (performance.now() - startedMs) / 1000;
  rmSync(to);
  return imageBytes / 1e6 / seconds;
}

/** Runs a program to its end: what it printed, and its highest resident memory. Throws where it fails. */
async function peakOf([program = '', ...words]: readonly string[]): Promise<{
  stdout: string;
  peakMb: number;
}> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let peakMb = 0;
  const look = setInterval(() => (peakMb = Math.max(peakMb, residentPeakMb(child.pid ?? 0))), lookEveryMs);
  const ended = once(child, 'exit');
  const stdout = await text(child.stdout);
  await ended;
  clearInterval(look);
  if (child.exitCode !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${child.exitCode}`);
  return { stdout, peakMb };
}

/** `VmHWM` of proc(5); 0 where the process has gone. */
function residentPeakMb(pid: number): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return (Number(kib ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}
