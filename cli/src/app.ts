import {
  buildApplication,
  buildRouteMap,
  ExitCode,
  help,
  run,
  version,
  type Command,
  type StricliProcess,
} from '@stricli/core';
import { processIo, type ProcessIo } from './command/command-io.ts';
import type { DefinedCommand, FieldlineContext } from './command/define-command.ts';
import { usageText } from './command/usage-text.ts';
import { cliVersion } from './version.ts';
import {
  alertCommands,
  commands,
  configCommands,
  deviceCommands,
  flashCommands,
  simulateCommands,
  deadLetterCommands,
  tokenCommands,
  updateCommands,
  userCommands,
} from './commands/index.ts';

function routes(
  defined: Readonly<Record<string, DefinedCommand>>,
): Record<string, Command<FieldlineContext>> {
  return Object.fromEntries(Object.entries(defined).map(([name, { command }]) => [name, command]));
}

const root = buildRouteMap<string, FieldlineContext>({
  routes: {
    ...routes(commands),
    device: buildRouteMap<string, FieldlineContext>({
      routes: routes(deviceCommands),
      docs: { brief: 'Registers, lists, shows and revokes devices' },
    }),
    config: buildRouteMap<string, FieldlineContext>({
      routes: routes(configCommands),
      docs: { brief: 'Shows, changes and tries out the configuration of a running device' },
    }),
    user: buildRouteMap<string, FieldlineContext>({
      routes: routes(userCommands),
      docs: { brief: 'Adds, lists and removes the people who may sign in' },
    }),
    token: buildRouteMap<string, FieldlineContext>({
      routes: routes(tokenCommands),
      docs: { brief: 'Makes, lists and revokes the tokens of programs' },
    }),
    deadLetters: buildRouteMap<string, FieldlineContext>({
      routes: routes(deadLetterCommands),
      docs: { brief: 'What the gateway refused: to look at, to replay, or to throw away' },
    }),
    alerts: buildRouteMap<string, FieldlineContext>({
      routes: routes(alertCommands),
      docs: { brief: 'Rules that watch the readings: what fires, what would have, and who is told' },
    }),
    flash: buildRouteMap<string, FieldlineContext>({
      routes: routes(flashCommands),
      docs: { brief: 'Puts the agent on a device: as an image file, or onto a card' },
    }),
    update: buildRouteMap<string, FieldlineContext>({
      routes: routes(updateCommands),
      docs: {
        brief: 'Signs, publishes and offers new versions of the agent, and shows how far they have come',
      },
    }),
    simulate: buildRouteMap<string, FieldlineContext>({
      routes: routes(simulateCommands),
      docs: { brief: 'Virtual sensors on pseudo-terminals, or a fleet of devices over MQTT' },
    }),
  },
  docs: {
    brief: 'Sensor to screen, every reading accounted for',
    fullDescription: [
      'Sensor to screen, every reading accounted for.',
      '',
      'EXAMPLES',
      '  fieldline demo                        all of it in one go, with virtual sensors',
      '  fieldline gateway                     a gateway with its dashboard',
      '  fieldline agent --config agent.yaml   a device that reads its sensors',
      '  fieldline COMMAND --help              options and an example of each',
    ].join('\n'),
  },
});

const scanner = { caseStyle: 'allow-kebab-for-camel' } as const;
const formatting = {
  caseStyle: 'convert-camel-to-kebab',
  alwaysShowHelpAllFlag: false,
  useAliasInUsageLine: false,
  onlyRequiredInUsageLine: false,
  disableAnsiColor: Boolean(process.env['NO_COLOR']),
} as const;

/** The whole command line. */
export const application = buildApplication(
  root,
  { name: 'fieldline', scanner, localization: { loadText: () => usageText }, documentation: formatting },
  {
    help: help({ brief: usageText.briefs.help, alias: 'h', defaultForRouteMap: true, formatting }),
    version: version({ brief: usageText.briefs.version, info: { currentVersion: cliVersion } }),
  },
);

/** Runs one command line (without `node` and the script); resolves with the exit code of the contract. */
export async function runFieldline(words: readonly string[]): Promise<number> {
  const io = processIo();
  const { stdout, stderr, env } = process;
  const host: StricliProcess = { stdout, stderr, env };
  await run(application, words, { process: host, io });
  return exitCodeOf(io, Number(host.exitCode ?? 0));
}

function exitCodeOf(io: ProcessIo, stricliCode: number): number {
  if (io.wasInterrupted()) return 130;
  if (stricliCode === ExitCode.UnknownCommand || stricliCode === ExitCode.InvalidArgument) return 2;
  return stricliCode === ExitCode.Success ? io.exitCode : 1;
}
