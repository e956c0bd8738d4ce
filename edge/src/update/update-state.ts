import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readNow, replaceNow } from '../bindings/files-now.ts';

/*
 * What launcher and agent both know of versions on the disk. The launcher of one version reads what the agent of
 * another has written: `format` is raised when that would go wrong, and a launcher that does not know it
 * runs the packaged agent. It imports nothing but Node.js, since every start pays for it.
 */

/** A version that lies beside the packaged one. */
export interface Slot {
  readonly version: string;
  /** Its folder below `versions/`. */
  readonly folder: string;
  /** SHA-256 of its program, hexadecimal: what is damaged is not run. */
  readonly programSha256: string;
  /** The packaged version beside which it was put: another package, installed since, wins. */
  readonly packagedVersion: string;
}

/** A version that has not delivered anything yet. */
export interface Trial extends Slot {
  readonly offer: string;
  /** How often it has been started. */
  readonly starts: number;
  /** How long a start may go on without a delivery, in milliseconds. */
  readonly withinMs: number;
}

/** How an offer ended here. */
export interface Outcome {
  readonly offer: string;
  readonly version: string;
  readonly state: 'committed' | 'rolled-back' | 'refused';
  readonly code?: string;
  readonly detail?: string;
}

/** Which version runs, which one is tried, and how the last offer ended; in one file, so that all of it changes at once. */
export interface UpdateState {
  /** Undefined: the packaged one. */
  readonly running?: Slot;
  readonly trial?: Trial;
  readonly outcome?: Outcome;
}

/** The name of the file below the folder of updates. */
export const stateFile = 'state.json';
const format = 1;

/** Starts of a version that never delivered, after which the one before runs again. */
export const trialStartsMax = 3;

/** The state; nothing where there is none or it cannot be read, which means the packaged agent. */
export function readState(directory: string): UpdateState {
  try {
    const value: unknown = JSON.parse(String(readNow(join(directory, stateFile))));
    return isState(value) ? value : {};
  } catch {
    return {};
  }
}

/** The text of the file. */
export function stateText(state: UpdateState): string {
  return JSON.stringify({ format, ...state });
}

/** Replaces the state durably: after a power cut there is the one before or this one. Throws what the disk throws. */
export function writeStateNow(directory: string, state: UpdateState): void {
  const path = join(directory, stateFile);
  // Not the name that the agent writes to: both may be at it in one process.
  replaceNow(path, `${path}.launcher`, stateText(state));
}

/** The program of a slot. */
export function programOf(directory: string, { folder }: Slot): string {
  return join(directory, 'versions', folder, 'lib', 'agent.cjs');
}

/** Whether the program of a slot is the one that was put there. */
export function isIntact(directory: string, slot: Slot): boolean {
  const program = readNow(programOf(directory, slot));
  return program !== undefined && createHash('sha256').update(program).digest('hex') === slot.programSha256;
}

/** The state after the version on trial has failed: the one before runs. */
export function rolledBack(
  { running, trial, outcome }: UpdateState,
  why: { readonly code: string; readonly detail: string },
): UpdateState {
  const ended: Outcome | undefined = trial
    ? { offer: trial.offer, version: trial.version, state: 'rolled-back', ...why }
    : outcome;
  return { ...(running && { running }), ...(ended && { outcome: ended }) };
}

function isState(value: unknown): value is UpdateState {
  if (!isObject(value) || value['format'] !== format) return false;
  const { running, trial, outcome } = value;
  return (
    (running === undefined || isSlot(running)) &&
    (trial === undefined || isTrial(trial)) &&
    (outcome === undefined || isOutcome(outcome))
  );
}

function isSlot(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { version, folder, programSha256, packagedVersion } = value;
  const isName = typeof folder === 'string' && /^[\w.-]{1,128}$/.test(folder) && !folder.startsWith('.');
  return [version, programSha256, packagedVersion].every((each) => typeof each === 'string') && isName;
}

function isTrial(value: unknown): boolean {
  if (!isObject(value) || !isSlot(value)) return false;
  const { offer, starts, withinMs } = value;
  return typeof offer === 'string' && Number.isInteger(starts) && Number.isInteger(withinMs);
}

function isOutcome(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { offer, version, state } = value;
  const isEnd = state === 'committed' || state === 'rolled-back' || state === 'refused';
  return typeof offer === 'string' && typeof version === 'string' && isEnd;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
