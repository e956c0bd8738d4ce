import { createAdc } from '@fieldline/simulators';
import { defineCommand } from '../command/define-command.ts';
import { figure } from '../command/option.ts';
import { runOnPty, sensorOptions } from './simulate-options.ts';

export const simulateAdc = defineCommand({
  brief: 'A microcontroller that streams the samples of its ADC in framed packets',
  examples: ['simulate adc --link /tmp/adc', 'simulate adc --rate 10000 --channels 2 --block 250'],
  options: {
    ...sensorOptions,
    rate: figure({ brief: 'Sample sets a second', least: 1, most: 100_000, whole: true, fallback: 1000 }),
    channels: figure({ brief: 'Channels', least: 1, most: 8, whole: true, fallback: 1 }),
    block: figure({ brief: 'Sample sets a packet', least: 1, most: 500, whole: true, fallback: 50 }),
  },
  run: async ({ options, io }) => {
    const { rate, channels, block, seed } = options;
    return runOnPty(createAdc({ ratePerSec: rate, channels, block, seed }), options, io);
  },
});
