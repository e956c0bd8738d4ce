import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parseCommand, type ControlCommand } from './control/command.ts';
import { setRaw } from './pty/reader-speed.ts';
import type { VirtualSensor } from './virtual-sensor.ts';

/** A virtual sensor as a process: its streams and its end. */
export interface RunSensorOptions {
  readonly sensor: VirtualSensor;
  readonly kind: string;
  /** What the reader opens: the link where there is one. */
  readonly path: string;
  /** Take orders from `input`, write nothing before `start`, and end when `input` ends. */
  readonly control: boolean;
  readonly json: boolean;
  readonly input: Readable;
  readonly output: Writable;
  /** Ends the sensor when aborted. */
  readonly signal: AbortSignal;
}

/**
 * Runs a virtual sensor as a process does: says where its port is, then runs until the signal aborts (or, under
 * control, until the input ends: so no sensor outlives the one who controls it).
 */
export async function runSensor(options: RunSensorOptions): Promise<void> {
  const { sensor, control, input, signal } = options;
  await setRaw(sensor.port.path);
  announce(options);
  const ended = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  if (control) await Promise.race([ended, obey(options, input)]);
  else {
    sensor.start();
    await ended;
  }
  await sensor.close();
}

function announce({ json, output, kind, path, sensor, control }: RunSensorOptions): void {
  if (json)
    output.write(`${JSON.stringify({ ready: { kind, path, pid: process.pid, pty: sensor.port.path } })}\n`);
  else {
    output.write(`A ${kind} speaks on ${path}\n`);
    if (control) output.write('Orders: start · stop · value X · garbage N · unplug · replug · totals\n');
  }
}

async function obey(options: RunSensorOptions, input: Readable): Promise<void> {
  for await (const line of createInterface({ input })) {
    if (line.trim() === '') continue;
    const command = parseCommand(line);
    const answer = command
      ? { done: command.name, ...(await execute(options.sensor, command)) }
      : { error: `${line}: not an order; known are start, stop, value X, garbage N, unplug, replug, totals` };
    options.output.write(`${JSON.stringify(answer)}\n`);
  }
}

async function execute(sensor: VirtualSensor, command: ControlCommand): Promise<object> {
  switch (command.name) {
    case 'start':
      sensor.start();
      return {};
    case 'stop':
      return sensor.stop();
    case 'totals':
      return sensor.totals();
    case 'value':
      return sensor.say(command.value) ? {} : { error: 'this sensor has no single value' };
    case 'garbage':
      sensor.garbage(command.count);
      return {};
    case 'unplug':
      sensor.unplug();
      return {};
    case 'replug':
      sensor.replug();
      return {};
  }
}
