import {
  detectSensors,
  suggestSensors,
  suggestYaml,
  usualBaudRates,
  type Detection,
} from '@fieldline/edge/detect';
import { FieldlineError } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { duration, text, toggle } from '../command/option.ts';

export const detect = defineCommand({
  brief: 'Finds serial sensors: their baud rate and format; prints the configuration for them',
  description: [
    'Listens at the ports of all USB adapters, or at the given ones, until it knows what speaks there: NMEA 0183, JSON lines,',
    'numbers with separators or words between them, lines of a thermometer, the framed stream of a microcontroller.',
    'Writes nothing to a device, unless --send asks for it. Exits 1 if it knows none.',
  ].join('\n'),
  examples: [
    'detect',
    'detect /dev/ttyUSB0 --json',
    'detect /dev/ttyUSB0,/dev/ttyACM0 --wait 15s',
    "detect /dev/ttyUSB0 --baud 9600 --send 'READ?'",
  ],
  argument: { placeholder: 'PORT', brief: 'A port, or several with commas between', optional: true },
  options: {
    baud: text({ brief: 'Try these rates only: 9600,115200', placeholder: 'LIST' }),
    wait: duration({ brief: 'How long to wait for the first byte at a rate [2s]' }),
    send: text({ brief: 'Send this line after each opening, for sensors that have to be asked' }),
    json: toggle({ brief: 'Print {ports: [{path, state, format, baudRate, sample, quantities, sensor}]}' }),
  },
  run: async ({ options, argument, io }) => {
    const { baud, wait, send, json } = options;
    const detections = await detectSensors({
      ...(argument === undefined ? {} : { paths: argument.split(',') }),
      baudRates: baud === undefined ? usualBaudRates : toBaudRates(baud),
      ...(wait === undefined ? {} : { waitMs: wait / 1000 }),
      send: send === undefined ? undefined : Buffer.from(`${send}\r\n`),
      signal: io.interrupted,
      trying: (path, baudRate) => io.progress(`${path}: ${baudRate} baud`),
    });
    if (detections.length === 0) {
      const detail = 'No USB adapter is plugged in; built-in ports are tried when named.';
      throw new FieldlineError('SOURCE_PORT_MISSING', { subject: '/dev/serial/by-id', detail });
    }
    print(detections, json, io);
    return detections.some(({ outcome }) => outcome.state === 'recognised') ? 0 : 1;
  },
});

function print(detections: readonly Detection[], json: boolean, io: CommandIo): void {
  if (!json) {
    io.print(suggestYaml(detections));
    return;
  }
  const sensors = suggestSensors(detections);
  const ports = detections.map((detection) => {
    const { path, usb, outcome } = detection;
    if (outcome.state !== 'recognised') return { path, usb, ...outcome };
    const { sensor: _, ...recognition } = outcome.recognition;
    const { state, baudRate } = outcome;
    return { path, usb, state, baudRate, ...recognition, sensor: sensors.get(detection) };
  });
  io.printJson({ ports });
}

const baudBounds = { least: 50, most: 4_000_000 };

function toBaudRates(list: string): number[] {
  return list.split(',').map((word) => {
    const rate = Number(word);
    if (Number.isInteger(rate) && rate >= baudBounds.least && rate <= baudBounds.most) return rate;
    const detail = `A baud rate is a whole number from ${baudBounds.least} to ${baudBounds.most}.`;
    throw new FieldlineError('CLI_USAGE', { subject: `--baud ${list}`, detail });
  });
}
