import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadAgentConfig } from './load-agent-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'guide-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the example of the guide on windows and bursts is valid, and does what the guide says', async () => {
  const guide = readFileSync(new URL('../../../docs/guides/choose-windows.md', import.meta.url), 'utf8');
  const [, example = ''] = /^```yaml\n([^]*?)^```$/m.exec(guide) ?? [];
  const path = join(folder, 'agent.yaml');
  const header = 'device: d\ngateway: { url: mqtt://127.0.0.1:1, password: p }\ndataDir: ./data\n';
  writeFileSync(path, header + example);
  const { sensors } = await loadAgentConfig(path, {});
  expect(sensors[0]?.streams[0]).toMatchObject({
    quantity: 'ch0',
    sketch: true,
    hopping: { window: 'hop:10s:1s' },
    burst: { beforeUs: 50_000, afterUs: 200_000, trigger: { kind: 'level', level: 3.1 } },
  });
});
