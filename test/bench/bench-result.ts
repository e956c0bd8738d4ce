import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** One line of a benchmark's report; both figures are medians of the same run. */
export interface BenchResult {
  readonly name: string;
  /** Of `ours` and of `peer.value`, such as `bytes/reading` or `readings/s`. */
  readonly unit: string;
  readonly ours: number;
  readonly peer: { readonly name: string; readonly value: number };
  /** `ours / peer.value`. */
  readonly ratio: number;
  /** How many times each side was measured. */
  readonly runs: number;
  readonly machine: string;
  /** Of the runtime, and of the packages that the figures depend on. */
  readonly versions: Readonly<Record<string, string>>;
}

/** One side of a comparison: answers one measurement. It is called once a run. */
export type BenchSide = () => number | Promise<number>;

/** What is compared with what. */
export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly ours: BenchSide;
  readonly peer: { readonly name: string; readonly measure: BenchSide };
  /** Default 7. */
  readonly runs?: number;
  /** npm packages whose versions belong to the figures. */
  readonly packages?: readonly string[];
}

/** Measures both sides in turns, so that what else the machine does meets both, and takes the medians. */
export async function measure(comparison: Comparison): Promise<BenchResult> {
  const { name, unit, runs = 7, packages = [] } = comparison;
  const ours: number[] = [];
  const peer: number[] = [];
  for (let run = 0; run < runs; run++) {
    ours.push(await comparison.ours());
    peer.push(await comparison.peer.measure());
  }
  return benchResult({ name, unit, ours, peer: { name: comparison.peer.name, values: peer }, packages });
}

/** A result from measurements that were taken already; both sides have the same number of them, at least one. */
export function benchResult(measured: {
  readonly name: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly peer: { readonly name: string; readonly values: readonly number[] };
  readonly packages?: readonly string[];
}): BenchResult {
  const ours = median(measured.ours);
  const value = median(measured.peer.values);
  return {
    name: measured.name,
    unit: measured.unit,
    ours: rounded(ours),
    peer: { name: measured.peer.name, value: rounded(value) },
    ratio: rounded(ours / value),
    runs: measured.ours.length,
    machine: machineName(),
    versions: versionsOf(measured.packages ?? []),
  };
}

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper;
}

/** How often `work`, which handles `items` things, can be done in a second, tried for `forMs` at least. */
export function perSecond(work: () => void, items: number, forMs = 200): number {
  const startedMs = performance.now();
  let rounds = 0;
  let elapsedMs = 0;
  while (elapsedMs < forMs) {
    work();
    rounds += 1;
    elapsedMs = performance.now() - startedMs;
  }
  return (rounds * items * 1000) / elapsedMs;
}

function machineName(): string {
  const processors = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} x ${processors[0]?.model ?? 'unknown'}, ${gib} GiB, ${process.platform} ${process.arch}`;
}

function versionsOf(packages: readonly string[]): Record<string, string> {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of packages) versions[name] = versionOf(name);
  return versions;
}

function versionOf(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
