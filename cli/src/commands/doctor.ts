import { defineCommand } from '../command/define-command.ts';
import { figure, toggle } from '../command/option.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkBroker, checkGateway, checkStore } from '../doctor/gateway-checks.ts';
import {
  checkClock,
  checkDisk,
  checkNode,
  checkPort,
  checkPty,
  checkSerialPorts,
} from '../doctor/machine-checks.ts';
import { defaultHome } from '../gateway/default-home.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import type { Style } from '../terminal/style.ts';

const portBounds = { least: 0, most: 65_535, whole: true, placeholder: 'PORT', isSetting: true };

export const doctor = defineCommand({
  brief: 'Checks this machine and its gateway, and says what to do',
  description:
    'Checks ports, permissions, clock, disk, broker, store and gateway. Exits 1 if something does not work.',
  examples: ['doctor', 'doctor --gateway http://127.0.0.1:8080 --json'],
  options: {
    ...gatewayOptions,
    httpPort: figure({ brief: 'The port that the dashboard shall have', ...portBounds, fallback: 8080 }),
    mqttPort: figure({ brief: 'The port that the broker shall have', ...portBounds, fallback: 1883 }),
    json: toggle({ brief: 'Print {findings: [{check, state, found, remedy}]}' }),
  },
  run: async ({ options, io }) => {
    const gateway = await checkGateway(options.gateway, new GatewayClient(options));
    const runs = gateway.state === 'good';
    const findings = [
      checkNode(),
      checkSerialPorts(),
      await checkPty(),
      await checkClock(),
      checkDisk(options.home ?? defaultHome(process.env)),
      await checkPort('HTTP port', options.httpPort, runs),
      await checkPort('MQTT port', options.mqttPort, runs),
      gateway,
      await checkBroker(options.mqttPort),
      await checkStore(process.env['FIELDLINE_INFLUX_URL']),
    ];
    if (options.json) io.printJson({ findings });
    else for (const finding of findings) io.print(lineOf(finding, io.style));
    return findings.some(({ state }) => state === 'bad') ? 1 : 0;
  },
});

function lineOf({ check, state, found, remedy }: Finding, style: Style): string {
  const mark = { good: style.good('✓'), warning: style.warn('!'), bad: style.bad('✗') }[state];
  const line = `${mark} ${check.padEnd(16)} ${found}`;
  return remedy ? `${line}\n  ${' '.repeat(16)} ${style.dim(`→ ${remedy}`)}` : line;
}
