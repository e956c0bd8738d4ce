import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '@fieldline/gateway';
import { header, table, type Page } from './page.ts';

/** Every metric that a fresh gateway offers, as it says itself: one is started on loopback and asked. */
export const metricsPage: Page = {
  path: 'docs/reference/metrics.md',
  render: async () => {
    const own = metricsOf(await askGateway()).filter(({ name }) => name.startsWith('fieldline_'));
    const rows = own.map(({ name, type, help }) => [`\`${name}\``, type, help]);
    return `${header('Metrics', "the gateway's own `/metrics`")}
\`GET /metrics\` of the gateway, in the text format of Prometheus. Beside these it offers the usual \`process_…\` and
\`nodejs_…\` figures of its process.

${table(['metric', 'type', 'meaning'], rows)}`;
  },
};

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

function metricsOf(text: string): Metric[] {
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  return [...text.matchAll(/^# HELP (\S+) (.*)$/gm)]
    .map(([, name = '', help = '']) => ({ name, help, type: types.get(name) ?? '' }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

async function askGateway(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'fieldline-docs-'));
  const anyPort = { host: '127.0.0.1', port: 0 };
  // Every store tells its own figures, also those of retention; the second one need not answer.
  const stores: ('embedded' | 'influxdb')[] = ['embedded', 'influxdb'];
  const influxdb = { url: 'http://127.0.0.1:9', keepReadings: '90d' };
  const options = { home, http: anyPort, mqtt: anyPort, logLevel: 'silent', stores, influxdb } as const;
  const gateway = await startGateway(options, { environment: {} });
  try {
    return await (await fetch(new URL('/metrics', gateway.httpUrl))).text();
  } finally {
    await gateway.stop();
    await rm(home, { recursive: true, force: true });
  }
}
