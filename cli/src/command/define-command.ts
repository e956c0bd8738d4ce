import { buildCommand, type Command, type CommandContext, type TypedCommandParameters } from '@stricli/core';
import { defaultHome } from '../gateway/default-home.ts';
import { FieldlineError } from '@fieldline/protocol';
import type { CommandIo } from './command-io.ts';
import type { Option } from './option.ts';
import { findSetting } from './settings.ts';

/** What every command gets besides its options. */
export interface FieldlineContext extends CommandContext {
  readonly io: CommandIo;
}

/** The options of a command by name. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of options, by name. */
export type Values<Given extends Options> = {
  readonly [Name in keyof Given]: Given[Name] extends Option<infer Value> ? Value : never;
};

/** One command as its file declares it. */
export interface CommandDefinition<Given extends Options> {
  readonly brief: string;
  /** More than `brief`, for `--help`. */
  readonly description?: string;
  /** Calls that work as they stand, without the leading `fieldline`. */
  readonly examples: readonly string[];
  readonly options: Given;
  readonly argument?: { readonly placeholder: string; readonly brief: string; readonly optional: boolean };
  /** Does the work; answers the exit code, 0 where it answers nothing. */
  readonly run: (call: {
    options: Values<Given>;
    argument: string | undefined;
    io: CommandIo;
  }) => Promise<number | undefined>;
}

/** A command as the route map takes it. */
export interface DefinedCommand {
  readonly command: Command<FieldlineContext>;
}

/** Turns a definition into a command: flags, then environment, then settings file, then fallbacks. */
export function defineCommand<const Given extends Options>(
  definition: CommandDefinition<Given>,
): DefinedCommand {
  const { brief, examples, description, argument } = definition;
  const command = buildCommand<Record<string, unknown>, string[], FieldlineContext>({
    parameters: parametersOf(definition.options, argument),
    docs: {
      brief,
      fullDescription: [
        description ?? brief,
        '',
        'EXAMPLES',
        ...examples.map((each) => `  fieldline ${each}`),
      ].join('\n'),
    },
    async func(flags, ...given) {
      try {
        const options = resolveOptions(definition.options, flags);
        this.io.exitCode = (await definition.run({ options, argument: given[0], io: this.io })) ?? 0;
      } catch (error) {
        this.io.exitCode = report(error, this.io);
      }
    },
  });
  return { command };
}

/** Codes of what the caller has to put right before anything can be tried: exit code 2. */
const usageCodes = new Set<string>([
  'CLI_USAGE',
  'CLI_SETTINGS_INVALID',
  'SIMULATOR_BAD_OPTION',
  'SOURCE_DRIVER_UNKNOWN',
  'SIMULATOR_RECORDING_UNUSABLE',
  'PROVISION_SETTINGS_INVALID',
]);

/** Says what went wrong: a known error in one line, a bug with its stack. Answers the exit code. */
function report(error: unknown, io: CommandIo): number {
  if (!(error instanceof FieldlineError)) {
    io.remark(`fieldline: a defect of this program: ${error instanceof Error ? error.stack : String(error)}`);
    return 1;
  }
  io.remark(`fieldline: ${error.message}`);
  return usageCodes.has(error.code) || error.code.startsWith('CONFIG_') ? 2 : 1;
}

type Argument = CommandDefinition<Options>['argument'];
type Parameters = TypedCommandParameters<Record<string, unknown>, string[], FieldlineContext>;

function parametersOf(options: Options, argument: Argument): Parameters {
  const flags = Object.fromEntries(Object.entries(options).map(([name, each]) => [name, flagOf(each)]));
  // The library types parameters by their names, which a table of options knows only at run time.
  return { flags, positional: positionalOf(argument) } as unknown as Parameters;
}

function flagOf(each: Option<unknown>) {
  const brief =
    each.fallback === undefined || each.fallback === false
      ? each.brief
      : `${each.brief} [${JSON.stringify(each.fallback).replaceAll('"', '')}]`;
  if (each.placeholder === undefined)
    return { kind: 'boolean', brief, optional: true, withNegated: false } as const;
  return { kind: 'parsed', brief, optional: true, placeholder: each.placeholder, parse: each.parse } as const;
}

function positionalOf(argument: Argument) {
  if (!argument) return { kind: 'tuple', parameters: [] } as const;
  const parameter = { placeholder: argument.placeholder, brief: argument.brief, parse: String };
  return {
    kind: 'tuple',
    parameters: [argument.optional ? { ...parameter, optional: true as const } : parameter],
  } as const;
}

function resolveOptions<Given extends Options>(
  options: Given,
  flags: Readonly<Record<string, unknown>>,
): Values<Given> {
  const home = typeof flags['home'] === 'string' ? flags['home'] : defaultHome(process.env);
  const values = Object.entries(options).map(([name, each]) => [
    name,
    flags[name] ?? settingOf(name, each, home),
  ]);
  return Object.fromEntries(values) as Values<Given>;
}

function settingOf(name: string, each: Option<unknown>, home: string): unknown {
  const found = each.isSetting ? findSetting(name, process.env, home) : undefined;
  if (!found) return each.fallback;
  try {
    return each.parse(found.text);
  } catch (cause) {
    const detail = `"${found.text}": ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new FieldlineError('CLI_SETTINGS_INVALID', { subject: found.source, detail, cause });
  }
}
