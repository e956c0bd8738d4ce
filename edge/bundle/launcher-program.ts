import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chooseProgram, endTrial, type ChosenProgram } from '../src/update/choose-program.ts';
import { launcherVariables } from '../src/update/launched.ts';
import { agentVersion } from '../src/version.ts';

/** How long an agent whose trial has failed may take to stop, in milliseconds; as the unit allows it. */
const stopMs = 20_000;

/**
 * What the unit starts, `node launcher.cjs --config FILE`: chooses the version of the agent, and becomes it. It
 * belongs to the package, and no update changes it: what a new version does wrong, it takes back. A version on
 * trial that has not been committed in its time is stopped, and the one before runs at the next start.
 */
function main(): void {
  const packaged = { version: agentVersion, program: join(__dirname, 'agent.cjs') };
  const dataDir = process.env['FIELDLINE_DATA_DIR'];
  let chosen: ChosenProgram = { program: packaged.program };
  if (dataDir !== undefined && dataDir !== '') {
    const directory = join(dataDir, 'updates');
    chosen = chooseProgram(directory, packaged);
    process.env[launcherVariables.directory] = directory;
    process.env[launcherVariables.packagedVersion] = packaged.version;
    if (chosen.trial) watch(directory, chosen.trial);
  }
  createRequire(__filename)(chosen.program);
}

function watch(directory: string, { offer, withinMs }: NonNullable<ChosenProgram['trial']>): void {
  process.env[launcherVariables.trial] = '1';
  const timer = setTimeout(() => {
    if (!endTrial(directory, offer)) return;
    process.stderr.write(
      'fieldline-launcher: the new version delivered nothing in time; the one before runs again\n',
    );
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), stopMs).unref();
  }, withinMs);
  timer.unref();
}

main();
