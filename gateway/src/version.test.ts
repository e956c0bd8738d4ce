import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gatewayVersion } from './version.ts';

test('the gateway tells the version of its package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(gatewayVersion).toBe(version);
});
