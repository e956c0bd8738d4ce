import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeadLetter, LedgerRow } from '@fieldline/protocol';
import { runFieldline } from '../../services/run-fieldline.ts';
import { startProcess, type RunningProcess } from './running-process.ts';

/** The ready line of `fieldline gateway --json`. */
interface GatewayReady {
  readonly dashboard: string;
  readonly mqtt: string;
  readonly home: string;
}

/** A gateway of its own process, and what a person can see of it. */
export interface GatewayView {
  readonly process: RunningProcess<GatewayReady>;
  readonly ready: GatewayReady;
  /** `fieldline device add`; answers the password. */
  addDevice(device: string): Promise<string>;
  /** The value of a counter on /metrics with these labels; 0 where it has not been counted yet. */
  counter(name: string, label: string): Promise<number>;
  deadLetters(): Promise<DeadLetter[]>;
  /** `fieldline ledger DEVICE --json`: the totals. */
  ledger(device: string): Promise<LedgerRow>;
  readiness(): Promise<{ status: string; problems: string[] }>;
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `fieldline gateway` with a home of its own on free ports. */
export async function startGatewayView(
  env: NodeJS.ProcessEnv = {},
  home = mkdtempSync(join(tmpdir(), 'fieldline-bad-')),
): Promise<GatewayView> {
  const words = ['gateway', '--home', home, '--http-port', '0', '--mqtt-port', '0'];
  const gateway = await startProcess<GatewayReady>(words, env);
  const { dashboard } = gateway.ready;
  const get = async (path: string): Promise<Response> => fetch(new URL(path, dashboard));
  return {
    process: gateway,
    ready: gateway.ready,
    addDevice: (device) => addDevice(device, gateway.ready),
    counter: async (name, label) => counterIn(await (await get('/metrics')).text(), name, label),
    deadLetters: async () => {
      const answer = (await (await get('/api/v1/dead-letters')).json()) as { deadLetters: DeadLetter[] };
      return answer.deadLetters;
    },
    ledger: async (device) => {
      const answer = (await (await get(`/api/v1/ledger?device=${device}`)).json()) as { total: LedgerRow };
      return answer.total;
    },
    readiness: async () => (await (await get('/readyz')).json()) as { status: string; problems: string[] },
    end: async (signal) => {
      await gateway.end(signal);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function addDevice(device: string, { dashboard, home }: GatewayReady): Promise<string> {
  const words = ['device', 'add', device, '--gateway', dashboard, '--home', home, '--json'];
  const { exitCode, stdout, stderr } = await runFieldline(words);
  if (exitCode !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { password: string }).password;
}

function counterIn(metrics: string, name: string, label: string): number {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name}{${label}}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}
