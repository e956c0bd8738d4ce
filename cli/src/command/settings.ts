import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { parse } from 'yaml';

/** Names that the settings file may hold: flags that many commands share. */
export const settingNames = ['gateway', 'token', 'home', 'httpPort', 'mqttPort'] as const;

const fileName = 'cli.yaml';

/** `FIELDLINE_HTTP_PORT` for `httpPort`. */
export function variableOf(name: string): string {
  return `FIELDLINE_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Looks a setting up in the environment, then in `cli.yaml` of the home directory; says where it was found.
 * Throws CLI_SETTINGS_INVALID for a file that is not a mapping of known names.
 */
export function findSetting(
  name: string,
  environment: NodeJS.ProcessEnv,
  home: string,
): { text: string; source: string } | undefined {
  const variable = variableOf(name);
  const fromEnvironment = environment[variable];
  if (fromEnvironment) return { text: fromEnvironment, source: variable };
  const path = join(home, fileName);
  const value = readSettings(path)[name];
  return value === undefined ? undefined : { text: value, source: `${path} ${name}` };
}

function readSettings(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const document: unknown = parseFile(path);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new FieldlineError('CLI_SETTINGS_INVALID', { subject: path, detail: 'It is not a mapping.' });
  }
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(document)) {
    if (!settingNames.some((known) => known === name)) {
      throw new FieldlineError('CLI_SETTINGS_INVALID', {
        subject: `${path} ${name}`,
        detail: `Known are ${settingNames.join(', ')}.`,
      });
    }
    settings[name] = String(value);
  }
  return settings;
}

function parseFile(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new FieldlineError('CLI_SETTINGS_INVALID', { subject: path, cause });
  }
}
