import { type Application, type CommandContext, generateHelpTextForAllCommands } from '@stricli/core';
import { application } from './app.ts';

const wholeCommandLine = await application();

/** Every command with its help text, as `--help` prints it: the source of docs/reference/cli.md. */
export function commandReference(): readonly (readonly [route: string, help: string])[] {
  // Only the definitions are read; no command runs, so none needs its context.
  return generateHelpTextForAllCommands(wholeCommandLine as unknown as Application<CommandContext>);
}
