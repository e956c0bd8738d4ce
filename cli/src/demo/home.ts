import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where everything of one demo goes. The gateway's home is the top; what the demo adds stands in `demo/`. */
export interface DemoHome {
  readonly path: string;
  readonly log: (name: string) => string;
  /** The link to a virtual sensor's port. */
  readonly port: (device: string, sensor: string) => string;
  /** What a virtual sensor has handed over (NDJSON). */
  readonly record: (device: string, sensor: string) => string;
  readonly agentConfig: (device: string) => string;
  readonly passwordFile: (device: string) => string;
  /** Removes a temporary home; leaves one that was asked for. */
  readonly remove: () => void;
}

/** Uses `path`, or makes a temporary home that `remove` takes away again. */
export function openHome(path: string | undefined): DemoHome {
  const home = path === undefined ? mkdtempSync(join(tmpdir(), 'fieldline-demo-')) : resolve(path);
  const folder = (name: string) => {
    const directory = join(home, 'demo', name);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return directory;
  };
  const [logs, ports, records] = [folder('logs'), folder('ports'), folder('records')];
  return {
    path: home,
    log: (name) => join(logs, `${name}.log`),
    port: (device, sensor) => join(ports, `${device}-${sensor}`),
    record: (device, sensor) => join(records, `${device}-${sensor}.ndjson`),
    agentConfig: (device) => join(folder(`agents/${device}`), 'agent.yaml'),
    passwordFile: (device) => join(folder(`agents/${device}`), 'password'),
    remove: () => {
      if (path === undefined) rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
