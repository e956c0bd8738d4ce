import { optionalExport } from './optional-module.ts';
import { header, table, type Page } from './page.ts';

const source = 'gateway/src/metrics/reference.ts';

/** What the page needs of one metric. */
interface MetricEntry {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every metric that the gateway offers at `/metrics`. */
export const metricsPage: Page = {
  path: 'docs/reference/metrics.md',
  render: async () => {
    const metrics = await optionalExport(source, 'metricReference');
    if (!Array.isArray(metrics)) return undefined;
    const rows = (metrics as MetricEntry[])
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ name, type, labels, help }) => [
        `\`${name}\``,
        type,
        labels.map((l) => `\`${l}\``).join(', '),
        help,
      ]);
    return `${header('Metrics', source)}
\`GET /metrics\` of the gateway, in the text format of Prometheus.

${table(['metric', 'type', 'labels', 'meaning'], rows)}`;
  },
};
