import { aborted, type CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { duration, figure, text, toggle } from '../command/option.ts';
import { buildDashboard } from '../demo/build-dashboard.ts';
import { Demo, type DemoReady } from '../demo/demo.ts';
import { requireFreePort } from '../demo/free-port.ts';
import { devicesMax } from '../demo/plan.ts';
import { drain, printSummary, summarise } from '../demo/summary.ts';

const portBounds = { least: 0, most: 65_535, whole: true, placeholder: 'PORT' };

export const demo = defineCommand({
  brief: 'All of it in one go: virtual sensors, agents, gateway and dashboard',
  description: [
    'Starts virtual sensors on real pseudo-terminals, an agent for each device, a gateway with its dashboard, and keeps',
    'them alive: a process that dies is started again. With --duration it stops by itself and prints the account of every',
    'reading and the latencies; it exits 0 if none is unaccounted for.',
  ].join('\n'),
  examples: ['demo', 'demo --duration 30s --json', 'demo --devices 6 --http-port 0 --mqtt-port 0'],
  options: {
    devices: figure({ brief: 'Devices', least: 1, most: devicesMax, whole: true, fallback: 3 }),
    duration: duration({ brief: 'Stop after so long, and print the account' }),
    httpPort: figure({
      brief: 'Port of API and dashboard; 0: any free one',
      ...portBounds,
      fallback: 8080,
      isSetting: true,
    }),
    mqttPort: figure({
      brief: 'Port of the broker; 0: any free one',
      ...portBounds,
      fallback: 1883,
      isSetting: true,
    }),
    home: text({
      brief: 'Keep everything here; without it a temporary folder is used and removed',
      placeholder: 'DIR',
    }),
    json: toggle({ brief: 'Print {"ready": …} first, and the summary at the end' }),
  },
  run: async ({ options, io }) => {
    const { devices, httpPort, mqttPort, home, json } = options;
    await requireFreePort(httpPort, '--http-port');
    await requireFreePort(mqttPort, '--mqtt-port');
    await buildDashboard((what) => io.remark(what));
    const { interrupted } = io;
    const running = new Demo({
      devices,
      httpPort,
      mqttPort,
      home,
      say: (what) => io.remark(what),
      interrupted,
    });
    try {
      if (!json) io.remark(`Starting ${devices} devices, their virtual sensors and a gateway …`);
      const ready = await running.start();
      if (json) io.printJson({ ready });
      else announce(ready, options.duration, io);
      await endOf(options.duration, io);
      return options.duration === undefined || interrupted.aborted ? 0 : await close(running, json, io);
    } finally {
      await running.stop();
    }
  },
});

function announce(ready: DemoReady, durationUs: number | undefined, io: CommandIo): void {
  const { agents, simulators } = ready.pids;
  io.print(`${agents.length} devices with ${simulators.length} virtual sensors are online.`);
  io.print('');
  io.print(`Dashboard: ${io.style.link(ready.dashboard)}`);
  io.print('');
  const end =
    durationUs === undefined ? 'Ctrl-C stops everything.' : `It stops by itself in ${durationUs / 1e6} s.`;
  io.print(io.style.dim(`Home ${ready.home} · MQTT ${ready.mqtt} · ${end}`));
}

/** Resolves after the duration, or when the command is interrupted. */
async function endOf(durationUs: number | undefined, io: CommandIo): Promise<void> {
  if (durationUs === undefined) return aborted(io.interrupted);
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<void>((resolve) => (timer = setTimeout(resolve, durationUs / 1000)));
  await Promise.race([elapsed, aborted(io.interrupted)]);
  clearTimeout(timer);
}

/** Silences the sensors, waits for the account to close, prints it; answers the exit code. */
async function close(running: Demo, json: boolean, io: CommandIo): Promise<number> {
  await running.silence();
  io.progress('Waiting for the last readings to arrive …');
  const ledger = await drain(running.client, io.interrupted);
  io.progress('');
  const summary = await summarise(running.client, ledger);
  running.keep(ledger);
  if (json) io.printJson(summary);
  else printSummary(summary, ledger, io);
  return summary.ledger.unaccounted === 0 ? 0 : 1;
}
