import { readFileSync } from 'node:fs';

const unit = new URL('../../edge/systemd/fieldline-agent.service', import.meta.url);

/** How the agent's systemd unit starts it: its variables, and the flags of the runtime. */
export interface UnitEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
}

/**
 * Reads the unit as systemd does (systemd.exec(5)): several assignments a line, one with blanks in quotes. Paths
 * and credentials of the service are left out. Throws where the unit gives no flags.
 */
export function unitEnvironment(): UnitEnvironment {
  const lines = readFileSync(unit, 'utf8').matchAll(/^Environment=(.*)$/gm);
  const assignments = [...lines].flatMap(([, text = '']) => [...text.matchAll(/"([^"]*)"|(\S+)/g)]);
  const all = assignments.map(([, quoted, plain]) => split(quoted ?? plain ?? ''));
  const variables = Object.fromEntries(all.filter(([name]) => name.startsWith('MALLOC_')));
  const flags = all.find(([name]) => name === 'V8_FLAGS')?.[1].split(' ');
  if (flags === undefined) throw new Error('the unit of the agent gives no V8_FLAGS');
  return { variables, flags };
}

function split(assignment: string): [name: string, value: string] {
  const at = assignment.indexOf('=');
  return [assignment.slice(0, at), assignment.slice(at + 1)];
}
