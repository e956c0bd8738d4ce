import { optionalExport } from './optional-module.ts';
import type { Page } from './page.ts';

/** The schema that the dashboard makes its form of a device's configuration from. */
export const formSchemaPage: Page = {
  path: 'dashboard/src/lib/config/agent-schema.json',
  render: async () => {
    const file = await optionalExport('edge/src/config/agent-schema.ts', 'AgentFile');
    const drivers = await optionalExport('edge/src/drivers/registry.ts', 'drivers');
    if (file === undefined || !Array.isArray(drivers)) return undefined;
    const known = drivers as { name: string; settings: unknown }[];
    const settings = Object.fromEntries(known.map((driver) => [driver.name, driver.settings]));
    return `${JSON.stringify({ file, drivers: settings }, undefined, 1)}\n`;
  },
};
