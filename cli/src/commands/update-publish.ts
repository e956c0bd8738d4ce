import { BundleSummary, FieldlineError } from '@fieldline/protocol';
import { updateBundle, type DebianArch } from '@fieldline/provision';
import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { archs, bundledAgent } from '../flash/build-packages.ts';
import { size } from '../flash/phase-line.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { readSigningKey, signingKeyPath } from '../update/signing-key.ts';

export const updatePublish = defineCommand({
  brief: 'Bundles the agent of this version, signs it, and gives it to the gateway',
  description:
    'What is published reaches no device before it is offered: `fieldline update offer`. The version is that of this program.',
  examples: ['update publish', 'update publish --arch arm64,armhf --key update-key.pem --json'],
  options: {
    ...gatewayOptions,
    arch: text({ brief: 'Kinds of devices', placeholder: 'A,B', fallback: archs.join(',') }),
    key: text({ brief: 'File of the key; else that of `update key`', placeholder: 'FILE', isSetting: true }),
    as: text({
      brief: 'The version that it reports, in the place of that of this program',
      placeholder: 'VERSION',
    }),
    allowDowngrade: toggle({ brief: 'Let devices that run a newer version go back to this one' }),
    json: toggle({ brief: 'Print {bundles: […]}' }),
  },
  run: async ({ options, io }) => {
    const client = new GatewayClient(options);
    const key = readSigningKey(options.key ?? signingKeyPath());
    const { allowDowngrade } = options;
    const bundles: BundleSummary[] = [];
    for (const arch of archsIn(options.arch)) {
      io.progress(`Bundling the agent for ${arch}`);
      const agent = await bundledAgent(arch, options.as);
      const { signed, content } = await updateBundle(agent, { arch, key, allowDowngrade });
      const body = { ...signed, content: content.toString('base64url') };
      bundles.push(await client.post('/api/v1/updates/bundles', BundleSummary, body));
    }
    if (options.json) io.printJson({ bundles });
    else
      for (const { version, arch, sizeBytes } of bundles)
        io.print(`Published  ${io.style.bold(version)} for ${arch}, ${size(sizeBytes)}`);
    return 0;
  },
});

function archsIn(list: string): DebianArch[] {
  return list.split(',').map((word) => {
    const known = archs.find((arch) => arch === word);
    if (known) return known;
    const detail = `"${word}" is none of ${archs.join(', ')}.`;
    throw new FieldlineError('CLI_USAGE', { subject: '--arch', detail });
  });
}
