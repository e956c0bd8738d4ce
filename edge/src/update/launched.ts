/** The variables by which the launcher tells the agent, in the same process, what it has found. */
export const launcherVariables = {
  directory: 'FIELDLINE_LAUNCHER_UPDATES',
  packagedVersion: 'FIELDLINE_LAUNCHER_PACKAGED',
  trial: 'FIELDLINE_LAUNCHER_TRIAL',
} as const;

/** What the launcher has told. */
export interface Launched {
  /** The folder of the updates: absolute. */
  readonly directory: string;
  readonly packagedVersion: string;
  /** Whether this version has still to show that it delivers. */
  readonly isTrial: boolean;
}

/** Undefined where no launcher started this process: then nothing could go back, and no update is taken. */
export function launchedBy(environment: Readonly<Record<string, string | undefined>>): Launched | undefined {
  const directory = environment[launcherVariables.directory];
  const packagedVersion = environment[launcherVariables.packagedVersion];
  if (directory === undefined || packagedVersion === undefined) return undefined;
  return { directory, packagedVersion, isTrial: environment[launcherVariables.trial] === '1' };
}
