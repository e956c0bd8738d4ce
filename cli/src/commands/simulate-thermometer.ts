import { createThermometer, thermometerFormats } from '@fieldline/simulators';
import { defineCommand } from '../command/define-command.ts';
import { choice, figure } from '../command/option.ts';
import { runOnPty, sensorOptions } from './simulate-options.ts';

export const simulateThermometer = defineCommand({
  brief: 'A thermometer that lives through the real year of Seattle',
  examples: [
    'simulate thermometer',
    'simulate thermometer --link /tmp/thermometer --rate 5 --format json',
    'simulate thermometer --fault garbage:0.1,split --baud 9600',
  ],
  options: {
    ...sensorOptions,
    format: choice({
      brief: 'Shape of a line: 23.4, T=23.4C, JSON, or 23.4,58.2,1013.4',
      words: thermometerFormats,
      fallback: 'plain',
    }),
    rate: figure({ brief: 'Lines a second', least: 0.001, most: 1000, fallback: 1 }),
    speed: figure({
      brief: 'Seconds of the year that pass in a second',
      least: 0,
      most: 1e6,
      fallback: 1800,
    }),
  },
  run: async ({ options, io }) => {
    const { format, rate, speed, seed } = options;
    return runOnPty(createThermometer({ format, ratePerSec: rate, speed, seed }), options, io);
  },
});
