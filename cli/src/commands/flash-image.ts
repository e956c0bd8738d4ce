import { BlockTarget } from '@fieldline/provision';
import { defineCommand } from '../command/define-command.ts';
import { text } from '../command/option.ts';
import { terminalAsker } from '../flash/ask.ts';
import { deviceOptions } from '../flash/device-options.ts';
import { flashPlan } from '../flash/flash-plan.ts';
import { runFlash } from '../flash/run-flash.ts';

export const flashImageCommand = defineCommand({
  brief: 'Makes the card of a device as an image file: system, agent and settings',
  description:
    'Unpacks an image of Raspberry Pi OS or the like (.img, .xz, .zst, .gz, .zip) into a new file, puts the agent and the settings of one device into its boot partition, and reads all of it back. Needs no root and mounts nothing.',
  examples: [
    'flash image raspios.img.xz --name greenhouse-1 --gateway mqtts://gateway.example:8883',
    'flash image raspios.img.xz --name greenhouse-1 --gateway mqtt://10.0.0.5:1883 --wifi "My network" --wifi-country CH --no-wait --json',
  ],
  options: {
    ...deviceOptions,
    output: text({ brief: 'The file to make; else NAME.img in this folder', placeholder: 'FILE' }),
  },
  argument: { placeholder: 'IMAGE', brief: 'The image to begin with', optional: false },
  run: async ({ options, argument = '', io }) => {
    const asker = terminalAsker(!options.yes && !options.json, io.interrupted);
    try {
      return await runFlash({
        image: argument,
        options,
        io,
        plan: () => flashPlan(options, asker, io.progress),
        target: ({ settings }) => BlockTarget.createFile(options.output ?? `${settings.name}.img`),
      });
    } finally {
      asker.close();
    }
  },
});
