import {
  AliasNotFoundError,
  ArgumentParseError,
  FlagNotFoundError,
  text_en,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
  type ApplicationText,
} from '@stricli/core';
import { FieldlineError } from '@fieldline/protocol';

/** The library's texts, with usage errors told as every other error is: what, the nearest known name, the code. */
export const usageText: ApplicationText = {
  ...text_en,
  noCommandRegisteredForInput: ({ input, corrections }) =>
    usageLine(input, `There is no such command${suggestion(corrections)}`),
  exceptionWhileParsingArguments: (error) => describe(error),
};

function describe(error: unknown): string {
  if (error instanceof FlagNotFoundError)
    return usageLine(`--${error.input}`, `There is no such flag${suggestion(flagNames(error.corrections))}`);
  if (error instanceof AliasNotFoundError) return usageLine(`-${error.input}`, 'There is no such flag.');
  if (error instanceof ArgumentParseError)
    return usageLine(`--${error.externalFlagNameOrPlaceholder} ${error.input}`, allowed(error.exception));
  if (error instanceof UnsatisfiedFlagError)
    return usageLine(`--${error.externalFlagName}`, 'It needs a value.');
  if (error instanceof UnsatisfiedPositionalError)
    return usageLine(error.placeholder, 'This argument is missing.');
  if (error instanceof UnexpectedPositionalError)
    return usageLine(error.input, 'It is one argument too many.');
  return usageLine('arguments', `${error instanceof Error ? error.message : String(error)}.`);
}

function usageLine(subject: string, detail: string): string {
  return `fieldline: ${new FieldlineError('CLI_USAGE', { subject, detail }).message}`;
}

/** `; did you mean a or b?`, or a full stop. */
function suggestion(names: readonly string[]): string {
  const plain = names.map((name) => name.replaceAll('`', ''));
  return plain.length > 0 ? `; did you mean ${plain.join(' or ')}?` : '.';
}

/** The library knows a flag as `httpPort` and as `http-port`; help and people know the second. */
function flagNames(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => `--${kebab(name)}`))];
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What the parser of an option allows, as a sentence. */
function allowed(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}
