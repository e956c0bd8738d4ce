import {
  defaultInfluxDatabase,
  defaultLimits,
  defaultListen,
  defaultSecureListen,
  defaultTls,
  environmentOptions,
} from '@fieldline/gateway';
import { cliPage } from './cli-page.ts';
import { configPage, driverSections } from './config-page.ts';
import { errorsPage } from './errors-page.ts';
import { formSchemaPage } from './form-schema-page.ts';
import { metricsPage } from './metrics-page.ts';
import { table, type Page } from './page.ts';
import { transformsPage } from './transforms-page.ts';

const unknownKeys =
  'An unknown key is an error that names the nearest known one. Durations are texts such as `250ms`, `10s`, `1h`.';

/** Every generated page of the reference. */
export const pages: readonly Page[] = [
  errorsPage,
  cliPage,
  metricsPage,
  transformsPage,
  formSchemaPage,
  configPage({
    path: 'docs/reference/agent-config.md',
    title: "The agent's configuration",
    source: 'edge/src/config/agent-schema.ts',
    schemaName: 'AgentFile',
    more: driverSections,
    introduction: `The YAML file of \`fieldline agent --config FILE\`. ${unknownKeys}`,
  }),
  configPage({
    path: 'docs/reference/gateway-config.md',
    title: "The gateway's configuration",
    source: 'gateway/src/config/gateway-schema.ts',
    schemaName: 'GatewayFile',
    defaults: {
      ...defaultListen,
      ...defaultSecureListen,
      tls: defaultTls,
      limits: defaultLimits,
      influxdb: { database: defaultInfluxDatabase },
    },
    more: environmentSection,
    introduction: `The YAML file of \`fieldline gateway --config FILE\`. ${unknownKeys}`,
  }),
];

async function environmentSection(): Promise<string> {
  const rows = Object.entries(environmentOptions).map(([name, path]) => [
    `\`${name}\``,
    `\`${path.join('.')}\``,
  ]);
  return `\n## Environment\n\nA variable wins over the file, and an option of the command line over both.\n\n${table(['variable', 'key'], rows)}`;
}
