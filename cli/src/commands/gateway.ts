import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GatewayOptions } from '@fieldline/gateway';
import { aborted } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { port, text, toggle } from '../command/option.ts';

const builtDashboard = fileURLToPath(new URL('../../../dashboard/dist', import.meta.url));

export const gateway = defineCommand({
  brief: 'Runs a gateway: broker, store, API and dashboard',
  examples: [
    'gateway',
    'gateway --config gateway.yaml',
    'gateway --http-port 0 --mqtt-port 0 --home ./data --json',
  ],
  options: {
    config: text({ brief: 'The configuration file of the gateway (YAML)', placeholder: 'FILE' }),
    httpPort: port({ brief: 'Port of API and dashboard; 0: any free one [8080]' }),
    mqttPort: port({ brief: 'Port of the broker; 0: any free one [1883]' }),
    home: text({ brief: 'Where everything durable goes', placeholder: 'DIR' }),
    json: toggle({ brief: 'Print {"ready": {dashboard, mqtt, home, pid}} once it runs' }),
  },
  run: async ({ options, io }) => {
    // Loaded here, so that every other command starts without it.
    const { loadGatewayConfig, markWithOneThread, startGateway } = await import('@fieldline/gateway');
    markWithOneThread();
    const file = await loadGatewayConfig(options.config);
    const running = await startGateway(overlay(file, options));
    const { dashboardUrl, mqttUrl, httpsUrl, mqttsUrl, home } = running;
    const secure = { https: httpsUrl, mqtts: mqttsUrl };
    const ready = { dashboard: dashboardUrl, mqtt: mqttUrl, ...secure, home, pid: process.pid };
    if (options.json) io.printJson({ ready });
    else {
      io.print(`Dashboard: ${io.style.link(ready.dashboard)}`);
      io.print(`Broker:    ${[mqttUrl, mqttsUrl].filter(Boolean).join('  ')}`);
      if (httpsUrl !== undefined) io.print(`Over TLS:  ${httpsUrl}`);
      io.print(`Home:      ${ready.home}`);
    }
    await aborted(io.interrupted);
    await running.stop();
    return 0;
  },
});

interface Flags {
  readonly httpPort: number | undefined;
  readonly mqttPort: number | undefined;
  readonly home: string | undefined;
}

function overlay(file: GatewayOptions, flags: Flags): GatewayOptions {
  return {
    ...(existsSync(builtDashboard) && { dashboardDirectory: builtDashboard }),
    ...file,
    ...(flags.home !== undefined && { home: flags.home }),
    http: { ...file.http, ...(flags.httpPort !== undefined && { port: flags.httpPort }) },
    mqtt: { ...file.mqtt, ...(flags.mqttPort !== undefined && { port: flags.mqttPort }) },
  };
}
