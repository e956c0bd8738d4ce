import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGnss, systemClock, VirtualSensor } from '@fieldline/simulators';
import { stringify } from 'yaml';
import { startProcess, type RunningProcess } from './running-process.ts';

/** A real agent with a thermometer and a receiver on ptys, which say what the test gives them. */
export interface ScriptedAgent {
  readonly process: RunningProcess<{ device: string }>;
  /** The configuration file, for a second agent. */
  readonly configPath: string;
  /** The port of the thermometer `air`. */
  readonly airPort: string;
  /** Writes bytes to the line of the thermometer `air`. */
  sayAir(text: string): void;
  /** Writes bytes to the line of the receiver `fix`. */
  sayFix(text: string): void;
  /** Everything on these lines is kept until the agent reads it. */
  end(): Promise<void>;
}

/** What the agent belongs to. */
export interface AgentPlace {
  readonly device: string;
  readonly mqtt: string;
  readonly password: string;
}

/** The first `count` epochs of a recorded walk: sentences of a real receiver, with right checksums. */
export function recordedEpochs(count: number): string {
  const receiver = createGnss({ recording: 'walk' });
  return Array.from({ length: count }, () => Buffer.from(receiver.next().frame.bytes).toString()).join('');
}

/** Starts `fieldline agent` on two new ptys; `extra` is laid over its configuration. */
export async function startScriptedAgent(
  { device, mqtt, password }: AgentPlace,
  folder = mkdtempSync(join(tmpdir(), 'fieldline-scripted-')),
): Promise<ScriptedAgent> {
  const air = scriptedLine(join(folder, 'air'));
  const fix = scriptedLine(join(folder, 'fix'));
  const sensors = [
    { id: 'air', driver: 'thermometer', port: air.port },
    { id: 'fix', driver: 'gnss', port: fix.port },
  ];
  const configPath = join(folder, 'agent.yaml');
  const gateway = { url: mqtt, password };
  writeFileSync(configPath, stringify({ device, gateway, dataDir: './data', flush: '200ms', sensors }));
  const process = await startProcess<{ device: string }>(['agent', '--config', configPath]);
  return {
    process,
    configPath,
    airPort: air.port,
    sayAir: air.say,
    sayFix: fix.say,
    end: async () => {
      await process.end();
      await Promise.all([air.close(), fix.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A pty that says texts, held until somebody reads. */
function scriptedLine(port: string): {
  port: string;
  say: (text: string) => void;
  close: () => Promise<void>;
} {
  const texts: string[] = [];
  const frameOf = (index: number) => ({ bytes: Buffer.from(texts[index] ?? '', 'latin1'), readings: {} });
  const line = new VirtualSensor({
    sensor: {
      kind: 'thermometer',
      terminator: Buffer.from('\r\n'),
      next: () => ({ frame: frameOf(0), untilNextMs: 1000 }),
      say: frameOf,
    },
    clock: systemClock,
    link: port,
    whileAway: 'hold',
  });
  return { port, say: (text) => line.say(texts.push(text) - 1), close: () => line.close() };
}
