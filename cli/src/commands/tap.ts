import { FieldlineError, type LiveMessage } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { openLiveFeed } from '../gateway/live-feed.ts';

export const tap = defineCommand({
  brief: 'Live readings as they reach the gateway, one a line',
  examples: ['tap', 'tap greenhouse-1', 'tap rover-1 --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print each message of the live socket as JSON' }) },
  argument: { placeholder: 'DEVICE', brief: 'Only this device', optional: true },
  run: async ({ options, argument, io }) => {
    const ended = Promise.withResolvers<FieldlineError | undefined>();
    const client = new GatewayClient(options);
    const url = client.socketUrl('/api/v1/live');
    const close = openLiveFeed({
      url,
      headers: client.headers,
      streams: [argument === undefined ? '*' : `${argument}/*/*`],
      onMessage: (message) => {
        if (message.type === 'snapshot' && message.streams.length === 0)
          io.remark(`${argument ?? 'The fleet'} has sent no reading yet; this waits for the first.`);
        if (options.json) io.printJson(message);
        else printMessage(message, io);
      },
      onEnd: ended.resolve,
    });
    io.interrupted.addEventListener('abort', close);
    const error = await ended.promise;
    if (error) throw error;
    if (io.interrupted.aborted) return 0;
    throw new FieldlineError('CLI_GATEWAY_UNREACHABLE', { subject: url, detail: 'It ended the connection.' });
  },
});

function printMessage(message: LiveMessage, io: CommandIo): void {
  const { style } = io;
  const line = (timeUs: number, stream: string, value: string) =>
    io.print(
      `${style.dim(new Date(timeUs / 1000).toISOString().slice(11, 23))}  ${stream.padEnd(32)} ${value}`,
    );
  if (message.type === 'delta') {
    for (const { stream, unit, t, v } of message.readings) {
      t.forEach((timeUs, index) => line(timeUs, stream, `${v[index] ?? '–'} ${style.dim(unit)}`));
    }
    for (const { stream, unit, window, end, count, mean, min, max } of message.windows) {
      end.forEach((timeUs, index) => {
        const spread = `${figure(min[index])} … ${figure(max[index])}`;
        line(
          timeUs,
          stream,
          `${figure(mean[index])} ${style.dim(`${unit}  ${window} × ${count[index] ?? 0}  ${spread}`)}`,
        );
      });
    }
    for (const gap of message.gaps)
      line(gap.to, `${gap.device}/${gap.sensor}`, style.warn(`gap: ${gap.reason}`));
  }
  if (message.type === 'lagging')
    io.remark(style.warn(`this terminal is too slow: ${message.skipped} readings were not shown`));
}

function figure(value: number | null | undefined): string {
  return value == null ? '–' : String(Number(value.toPrecision(6)));
}
