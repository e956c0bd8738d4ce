import { buildCommand, type Command } from '@stricli/core';
import type { DefinedCommand, FieldlineContext } from './define-command.ts';

/** Reads the module of one command. */
export type CommandLoader = () => Promise<DefinedCommand>;

/** Commands of one level of the command line, by name in camelCase. */
export type CommandLoaders = Readonly<Record<string, CommandLoader>>;

/** Which commands of a level are read: all of them, none, or one by its name. */
export interface Wanted {
  readonly all: boolean;
  readonly name?: string;
}

/**
 * What `word`, the next one of a command line, asks of a level: the command that it names; all where it is
 * missing or a flag, since help lists them; none where it is no command, since the answer needs names only.
 */
export function wantedBy(word: string | undefined): Wanted {
  if (word === undefined) return { all: true };
  if (word === '--version' || word === '-v') return { all: false };
  return word.startsWith('-') ? { all: true } : { all: false, name: camelCase(word) };
}

/** The routes of a level. A command that is not wanted stands there by its name alone: its module is not read. */
export async function loadRoutes(
  loaders: CommandLoaders,
  wanted: Wanted,
): Promise<Record<string, Command<FieldlineContext>>> {
  const routes = Object.entries(loaders).map(async ([name, load]) => {
    const isWanted = wanted.all || wanted.name === name;
    return [name, isWanted ? (await load()).command : nameOnly] as const;
  });
  return Object.fromEntries(await Promise.all(routes));
}

/** Stands in for the commands that this command line does not name. */
const nameOnly = buildCommand<Record<string, unknown>, string[], FieldlineContext>({
  parameters: { flags: {} },
  docs: { brief: '' },
  func: () => undefined,
});

function camelCase(word: string): string {
  return word.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
