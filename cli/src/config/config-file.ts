import { readFileSync } from 'node:fs';
import { FieldlineError } from '@fieldline/protocol';
import { parseDocument, stringify } from 'yaml';
import { text } from '../command/option.ts';

/** The option by which a configuration is given. */
export const fileOption = {
  file: text({ brief: 'The configuration (YAML); - reads standard input', placeholder: 'FILE' }),
};

/**
 * Reads the YAML of a configuration. Throws CLI_USAGE where no file is named, CONFIG_UNREADABLE or
 * CONFIG_NOT_YAML. Whether it is right, the device says.
 */
export function readConfigFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) {
    throw new FieldlineError('CLI_USAGE', { subject: '--file', detail: 'Name the configuration, or - for standard input.' }); // prettier-ignore
  }
  const subject = path === '-' ? 'standard input' : path;
  const document = parseDocument(readText(path, subject));
  const [error] = document.errors;
  if (error) throw new FieldlineError('CONFIG_NOT_YAML', { subject, detail: error.message });
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (isMapping(value)) return value;
  throw new FieldlineError('CONFIG_NOT_YAML', { subject, detail: 'It is not a mapping of keys.' });
}

/** Writes a configuration as YAML, ready for `config set`. */
export function toYaml(config: unknown): string {
  return stringify(config, { lineWidth: 0 }).trimEnd();
}

function readText(path: string, subject: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('CONFIG_UNREADABLE', { subject, detail, cause });
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
