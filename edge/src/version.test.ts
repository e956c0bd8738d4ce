import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { agentVersion } from './version.ts';

it('the version that the agent reports is that of its package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(agentVersion).toBe(version);
});
