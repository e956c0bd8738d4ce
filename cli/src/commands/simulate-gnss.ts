import { createGnss, gnssRecordings } from '@fieldline/simulators';
import { defineCommand } from '../command/define-command.ts';
import { figure, text } from '../command/option.ts';
import { runOnPty, sensorOptions } from './simulate-options.ts';

export const simulateGnss = defineCommand({
  brief: 'A GNSS receiver that replays a real one, byte for byte, round and round',
  examples: [
    'simulate gnss --link /tmp/gnss',
    'simulate gnss --recording cold-start --speed 10',
    'simulate gnss --recording my-receiver.nmea --record /tmp/expected.ndjson',
  ],
  options: {
    ...sensorOptions,
    recording: text({
      brief: `${gnssRecordings.join(', ')}, or a file`,
      placeholder: 'NAME',
      fallback: 'walk',
    }),
    speed: figure({ brief: 'How many times as fast as it was', least: 0.001, most: 1000, fallback: 1 }),
  },
  run: async ({ options, io }) => {
    const { recording, speed } = options;
    return runOnPty(createGnss({ recording, speed }), options, io);
  },
});
