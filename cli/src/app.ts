import {
  buildApplication,
  buildRouteMap,
  ExitCode,
  help,
  run,
  version,
  type Application,
  type RouteMap,
  type StricliProcess,
} from '@stricli/core';
import { processIo, type ProcessIo } from './command/command-io.ts';
import type { FieldlineContext } from './command/define-command.ts';
import { loadRoutes, wantedBy, type CommandLoaders, type Wanted } from './command/load-routes.ts';
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

/** Commands that stand behind a word of their own. */
const groups: Readonly<Record<string, { commands: CommandLoaders; brief: string }>> = {
  device: { commands: deviceCommands, brief: 'Registers, lists, shows and revokes devices' },
  config: {
    commands: configCommands,
    brief: 'Shows, changes and tries out the configuration of a running device',
  },
  user: { commands: userCommands, brief: 'Adds, lists and removes the people who may sign in' },
  token: { commands: tokenCommands, brief: 'Makes, lists and revokes the tokens of programs' },
  deadLetters: {
    commands: deadLetterCommands,
    brief: 'What the gateway refused: to look at, to replay, or to throw away',
  },
  alerts: {
    commands: alertCommands,
    brief: 'Rules that watch the readings: what fires, what would have, and who is told',
  },
  flash: { commands: flashCommands, brief: 'Puts the agent on a device: as an image file, or onto a card' },
  update: {
    commands: updateCommands,
    brief: 'Signs, publishes and offers new versions of the agent, and shows how far they have come',
  },
  simulate: {
    commands: simulateCommands,
    brief: 'Virtual sensors on pseudo-terminals, or a fleet of devices over MQTT',
  },
};

const docs = {
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
};

const all: Wanted = { all: true };
const none: Wanted = { all: false };

/** What is read of the command line: what `words` call, or all of it without them. */
async function routeMap(words?: readonly string[]): Promise<RouteMap<FieldlineContext>> {
  const wanted = words ? wantedBy(words[0]) : all;
  const wantedOf = (group: string) => (wanted.name === group ? wantedBy(words?.[1]) : words ? none : all);
  const grouped = Object.entries(groups).map(async ([name, { commands, brief }]) => {
    const routes = await loadRoutes(commands, wantedOf(name));
    return [name, buildRouteMap<string, FieldlineContext>({ routes, docs: { brief } })] as const;
  });
  const own = await loadRoutes(commands, wanted);
  return buildRouteMap<string, FieldlineContext>({
    routes: { ...own, ...Object.fromEntries(await Promise.all(grouped)) },
    docs,
  });
}

const scanner = { caseStyle: 'allow-kebab-for-camel' } as const;
const formatting = {
  caseStyle: 'convert-camel-to-kebab',
  alwaysShowHelpAllFlag: false,
  useAliasInUsageLine: false,
  onlyRequiredInUsageLine: false,
  disableAnsiColor: Boolean(process.env['NO_COLOR']),
} as const;

/** The command line for `words` (without `node` and the script): the modules of other commands are not read. Without words: all of it. */
export async function application(words?: readonly string[]): Promise<Application<FieldlineContext>> {
  return buildApplication(
    await routeMap(words),
    { name: 'fieldline', scanner, localization: { loadText: () => usageText }, documentation: formatting },
    {
      help: help({ brief: usageText.briefs.help, alias: 'h', defaultForRouteMap: true, formatting }),
      version: version({ brief: usageText.briefs.version, info: { currentVersion: cliVersion } }),
    },
  );
}

/** Runs one command line (without `node` and the script); resolves with the exit code of the contract. */
export async function runFieldline(words: readonly string[]): Promise<number> {
  const io = processIo();
  const { stdout, stderr, env } = process;
  const host: StricliProcess = { stdout, stderr, env };
  await run(await application(words), words, { process: host, io });
  return exitCodeOf(io, Number(host.exitCode ?? 0));
}

function exitCodeOf(io: ProcessIo, stricliCode: number): number {
  if (io.wasInterrupted()) return 130;
  if (stricliCode === ExitCode.UnknownCommand || stricliCode === ExitCode.InvalidArgument) return 2;
  return stricliCode === ExitCode.Success ? io.exitCode : 1;
}
