import {
  isIntact,
  programOf,
  readState,
  rolledBack,
  trialStartsMax,
  writeStateNow,
  type Trial,
  type UpdateState,
} from './update-state.ts';

/** The agent as the package brought it: the last resort, which no update changes. */
export interface PackagedAgent {
  readonly version: string;
  /** Absolute path. */
  readonly program: string;
}

/** What is to be run now. */
export interface ChosenProgram {
  readonly program: string;
  /** Set where this version has still to show that it delivers. */
  readonly trial?: Pick<Trial, 'offer' | 'withinMs'>;
}

/**
 * Chooses the version to run, before anything of it is loaded. A version on trial is counted as started first,
 * durably: one that does not stay up is given up after `trialStartsMax` starts, whatever ended it. What is damaged, or was
 * put beside another package, is not run. Never throws: where nothing can be written, the version before runs.
 *
 *     trial? ── started too often, damaged ──► roll back ─┐
 *       └─ count the start ─► run it                      ▼
 *     running version intact and beside this package? ─► run it, else the packaged one
 */
export function chooseProgram(directory: string, packaged: PackagedAgent): ChosenProgram {
  let state = readState(directory);
  if (state.trial) {
    const chosen = startTrial(directory, state, packaged);
    if (chosen) return chosen;
    state = readState(directory);
  }
  const { running } = state;
  if (running?.packagedVersion !== packaged.version || !isIntact(directory, running))
    return { program: packaged.program };
  return { program: programOf(directory, running) };
}

function startTrial(
  directory: string,
  state: UpdateState,
  packaged: PackagedAgent,
): ChosenProgram | undefined {
  const { trial } = state;
  if (!trial) return undefined;
  const isUsable = trial.packagedVersion === packaged.version && isIntact(directory, trial);
  const mayStart = trial.starts < trialStartsMax && isUsable;
  const detail = isUsable
    ? `It was started ${trial.starts} times.`
    : 'Its program is damaged or was replaced.';
  const next = mayStart
    ? { ...state, trial: { ...trial, starts: trial.starts + 1 } }
    : rolledBack(state, { code: 'UPDATE_NOT_STARTED', detail });
  const isKept = attempt(() => writeStateNow(directory, next));
  return mayStart && isKept ? { program: programOf(directory, trial), trial } : undefined;
}

/**
 * The time of a trial is over: the version before is put back, and true is answered. Not so where it has been committed
 * meanwhile; what is on trial then is another.
 */
export function endTrial(directory: string, offer: string): boolean {
  const state = readState(directory);
  if (state.trial?.offer !== offer) return false;
  const detail = `Nothing was acknowledged within ${Math.round(state.trial.withinMs / 1000)} s.`;
  return attempt(() => writeStateNow(directory, rolledBack(state, { code: 'UPDATE_NOT_CONFIRMED', detail })));
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
