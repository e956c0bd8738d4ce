import { expect, test } from 'vitest';
import { agentPackages, builtPackage, type BundledAgent } from './agent-packages.ts';

const agent: BundledAgent = {
  version: '0.1.0',
  program: Buffer.from('program'),
  launcher: Buffer.from('launcher'),
  addons: [{ path: 'prebuilds/linux-arm64/addon.node', content: Buffer.from('addon') }],
  unit: Buffer.from('[Service]\n'),
  sampleConfig: Buffer.from('device: x\n'),
  notices: 'MIT\n',
  billOfMaterials: '{}\n',
};
const runtime = { version: '24.21.0', program: Buffer.alloc(1001, 'n'), licence: Buffer.from('MIT') };

test('the same parts give the same bytes, whenever they are made', async () => {
  for (const about of agentPackages('arm64', { runtime, agent })) {
    const [first, second] = await Promise.all([builtPackage(about), builtPackage(about)]);
    expect(first.content.equals(second.content)).toBe(true);
    expect(first.name).toMatch(/^fieldline-(agent_0\.1\.0|runtime_24\.21\.0)_arm64\.deb$/);
    expect(first.content.subarray(0, 24).toString()).toBe('!<arch>\ndebian-binary   ');
  }
});

test('the agent brings its licences and its bill of materials', () => {
  const [, { files }] = agentPackages('arm64', { runtime, agent });
  const contentOf = (name: string) =>
    files.find(({ path }) => path === `usr/share/doc/fieldline-agent/${name}`)?.content.toString();
  expect([contentOf('copyright'), contentOf('bom.cdx.json')]).toEqual(['MIT\n', '{}\n']);
});
