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
import { noSlowMedium, onSlowMedium } from './slow-medium.ts';

const mebi = 2 ** 20;
const imageBytes = 1000 * mebi;
const bootBytes = 64 * mebi;
const runs = 5;
/** The fastest bus of SD cards in such devices (SDR104 of the SD specification, 104 MB/s on paper) gives a good card that much. */
const cardBytesPerSec = 90e6;
const cardRuns = 3;
const ddWords = ['bs=1M', 'status=none'];
/** How often the memory of the command is read; what the kernel tells is its highest mark. */
const lookEveryMs = 20;
const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));

interface Flashed {
  readonly rate: number;
  readonly peakMb: number;
}

/**
 * `flash-image`: megabytes of an image that `fieldline flash image --json` writes, injects, syncs and reads back a
 * second, on a raw image of 1 GB that nothing compresses, by the phases of its own report. The peer is the same
 * work without the files: `dd conv=fsync`, and `cmp` of the result with the image, which reads every byte back and
 * checks it. `flash-image-unchecked`: beside `dd conv=fsync` and a `dd` of the result to /dev/null, which reads
 * and checks nothing. `flash-image-memory`: the highest resident memory of the command, beside that of a Node.js
 * which does nothing. `flash-image-card`: the first of these on a medium that takes 90 MB/s, as a fast card does; only root
 * can slow one down, and where that is not possible the figure is left out and it is said why.
 *
 * Caveats: a file, not a card, read back through the kernel's memory on all sides. The image lies in the kernel's
 * memory from the start; before each side nothing waits to be written, and as much memory as it fills was just in
 * use (a virtual machine gets it anew from its host otherwise, which costs more than the copying); each run turns
 * the order of the sides.
 */
export async function runFlashImage(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-bench-'));
  const ours: Flashed[] = [];
  const checked: number[] = [];
  const unchecked: number[] = [];
  const idle: number[] = [];
  try {
    const image = await makeImage(folder);
    const copy = join(folder, 'copy.img');
    const sides = [
      async () => void ours.push(await flash(image, folder, folder)),
      async () => void checked.push(await copyByDd(image, copy, ['cmp', image, copy])),
      async () =>
        void unchecked.push(await copyByDd(image, copy, ['dd', `if=${copy}`, 'of=/dev/null', ...ddWords])),
    ];
    for (let run = 0; run < runs; run++) {
      for (const side of sides) {
        await evenStart(image, copy);
        await side();
      }
      sides.reverse();
      idle.push((await peakOf([process.execPath, '-e', ''])).peakMb);
    }
    return [...resultsOf({ ours, checked, unchecked, idle }), ...(await measureOnCard(image, folder))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function resultsOf({
  ours,
  checked,
  unchecked,
  idle,
}: Record<'checked' | 'unchecked' | 'idle', readonly number[]> & { readonly ours: readonly Flashed[] }) {
  const rates = ours.map((each) => each.rate);
  const beside = (name: string, values: readonly number[]) => ({
    unit: 'MB/s',
    ours: rates,
    peer: { name, values },
  });
  return [
    benchResult({ name: 'flash-image', ...beside('dd, and cmp with the image', checked) }),
    benchResult({ name: 'flash-image-unchecked', ...beside('dd, and dd back', unchecked) }),
    benchResult({
      name: 'flash-image-memory',
      unit: 'MB',
      ours: ours.map((each) => each.peakMb),
      peer: { name: 'node -e ""', values: idle },
    }),
  ];
}

/** None where no medium can be slowed down. */
async function measureOnCard(image: string, folder: string): Promise<BenchResult[]> {
  const reason = noSlowMedium();
  if (reason !== undefined) {
    process.stderr.write(`flash-image-card is left out: ${reason}\n`);
    return [];
  }
  const ours: number[] = [];
  const peer: number[] = [];
  await onSlowMedium({ folder, bytesPerSec: cardBytesPerSec, roomBytes: imageBytes }, async (medium) => {
    const copy = join(medium, 'copy.img');
    const sides = [
      async () => void ours.push((await flash(image, folder, medium)).rate),
      async () => void peer.push(await copyByDd(image, copy, ['cmp', image, copy])),
    ];
    for (let run = 0; run < cardRuns; run++) {
      for (const side of sides) {
        await peakOf(['sync']);
        await side();
      }
      sides.reverse();
    }
  });
  const name = 'dd, and cmp with the image';
  return [benchResult({ name: 'flash-image-card', unit: 'MB/s', ours, peer: { name, values: peer } })];
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

async function flash(image: string, folder: string, medium: string): Promise<Flashed> {
  const card = join(medium, 'card.img');
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

/** The same state of the kernel's memory before each side. */
async function evenStart(image: string, copy: string): Promise<void> {
  await peakOf(['sync']);
  await peakOf(['dd', `if=${image}`, `of=${copy}`, ...ddWords]);
  rmSync(copy);
}

/** Rate of `dd` and of the command that reads its result back. */
async function copyByDd(from: string, to: string, readBack: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  await peakOf(['dd', `if=${from}`, `of=${to}`, 'conv=fsync', ...ddWords]);
  await peakOf(readBack);
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
