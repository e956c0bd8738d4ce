import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where a gateway on this machine keeps its data unless told otherwise, by the contract: `$FIELDLINE_HOME`, else
 * `/var/lib/fieldline` for a service of root, else `~/.local/share/fieldline`. The gateway has its own copy:
 * loading all of it for this one path would double the start of every short command.
 */
export function defaultHome(environment: NodeJS.ProcessEnv): string {
  if (environment['FIELDLINE_HOME']) return environment['FIELDLINE_HOME'];
  if (process.getuid?.() === 0 && environment['INVOCATION_ID']) return '/var/lib/fieldline';
  return join(homedir(), '.local', 'share', 'fieldline');
}
