import { parseFaults, runSensor, systemClock, VirtualSensor, type Sensor } from '@fieldline/simulators';
import type { CommandIo } from '../command/command-io.ts';
import { figure, text, toggle } from '../command/option.ts';

/** Options that all virtual sensors on a pty share. */
export const sensorOptions = {
  link: text({ brief: 'Keep a symbolic link to the port here', placeholder: 'PATH' }),
  record: text({ brief: 'Record every frame that was handed over (NDJSON)', placeholder: 'FILE' }),
  fault: text({
    brief: 'dropout, garbage, split, unplug, with rates a frame: garbage:0.1,split',
    placeholder: 'LIST',
  }),
  baud: figure({
    brief: 'Baud rate; a reader at another one gets garbled bytes (needs stty)',
    least: 50,
    most: 4e6,
    whole: true,
  }),
  seed: figure({
    brief: 'The same seed gives the same sensor',
    least: 0,
    most: 2 ** 32 - 1,
    whole: true,
    fallback: 1,
  }),
  hold: toggle({ brief: 'Keep frames while nobody reads; without it they are lost, as in real life' }),
  control: toggle({
    brief: 'Take orders on stdin (start, stop, value X, garbage N, unplug, replug); silent before start',
  }),
  json: toggle({ brief: 'Print {"ready": {kind, path, pid, pty}} first, and answers as JSON' }),
};

interface SensorFlags {
  readonly link: string | undefined;
  readonly record: string | undefined;
  readonly fault: string | undefined;
  readonly baud: number | undefined;
  readonly seed: number;
  readonly hold: boolean;
  readonly control: boolean;
  readonly json: boolean;
}

/** Puts a sensor on a pty and runs it until the command is ended. */
export async function runOnPty(sensor: Sensor, flags: SensorFlags, io: CommandIo): Promise<number> {
  const { link, record, fault, baud, seed, hold, control, json } = flags;
  const virtual = new VirtualSensor({
    sensor,
    clock: systemClock,
    link,
    record,
    baud,
    seed,
    faults: fault === undefined ? undefined : parseFaults(fault),
    whileAway: hold ? 'hold' : 'lose',
  });
  await runSensor({
    sensor: virtual,
    kind: sensor.kind,
    path: link ?? virtual.port.path,
    control,
    json,
    input: process.stdin,
    output: process.stdout,
    signal: io.interrupted,
  });
  return 0;
}
