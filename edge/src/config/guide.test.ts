import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAgentConfig } from './load-agent-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'guide-'));
afterAll(() => rmSync(folder, { recursive: true }));

const guide = readFileSync(new URL('../../../docs/guides/clean-and-calibrate.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/^## (.*)$|^```yaml\n([^]*?)^```$/gm)].reduce<[string, string][]>(
  (found, [, title, text]) => {
    if (title !== undefined) found.push([title, '']);
    const last = found.at(-1);
    if (text !== undefined && last) last[1] = text;
    return found;
  },
  [],
);

describe('the guide on cleaning and calibrating', () => {
  it.each(examples.filter(([, text]) => text !== ''))('%s: its example is valid', async (_title, text) => {
    const path = join(folder, 'agent.yaml');
    const header = 'device: d\ngateway: { url: mqtt://127.0.0.1:1, password: p }\ndataDir: ./data\n';
    writeFileSync(path, header + text);
    const { sensors } = await loadAgentConfig(path, {});
    const stages = sensors.flatMap(({ streams }) => streams.flatMap(({ transforms = [] }) => transforms));
    expect(stages.length).toBeGreaterThan(0);
  });
});
