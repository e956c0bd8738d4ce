import { FieldlineError, OfferSummary, type UpdateTarget } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { figure, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const updateOffer = defineCommand({
  brief: 'Offers a published version to devices: to all, to some, or to so many of a hundred',
  description: [
    'Each device fetches it, tries it, and goes back by itself where the new version delivers nothing. The same version with a',
    'larger --percent later reaches those of before and more. Without a choice it is offered to every device.',
  ].join('\n'),
  examples: [
    'update offer 0.2.0 --device greenhouse-1',
    'update offer 0.2.0 --tag site=north --percent 10',
    'update offer 0.2.0 --json',
  ],
  options: {
    ...gatewayOptions,
    device: text({ brief: 'Devices by name', placeholder: 'A,B' }),
    tag: text({ brief: 'Devices with this tag', placeholder: 'NAME=VALUE' }),
    percent: figure({ brief: 'So many of a hundred of them', least: 0.01, most: 100 }),
    json: toggle({ brief: 'Print the offer as one JSON document' }),
  },
  argument: { placeholder: 'VERSION', brief: 'As `update publish` printed it', optional: false },
  run: async ({ options, argument = '', io }) => {
    const body = { version: argument, target: targetOf(options) };
    const offer = await new GatewayClient(options).post('/api/v1/updates/offers', OfferSummary, body);
    if (options.json) io.printJson(offer);
    else {
      io.print(
        `Offered   ${io.style.bold(offer.version)} to ${offer.progress.length} devices, as ${offer.id}`,
      );
      io.remark('`fieldline update status` shows how far it has come.');
    }
    return 0;
  },
});

function targetOf(options: {
  readonly device: string | undefined;
  readonly tag: string | undefined;
  readonly percent: number | undefined;
}): UpdateTarget {
  const { device, tag, percent } = options;
  return {
    ...(device !== undefined && { devices: device.split(',') }),
    ...(tag !== undefined && { tag: tagOf(tag) }),
    ...(percent !== undefined && { percent }),
  };
}

function tagOf(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at > 0) return { name: text.slice(0, at), value: text.slice(at + 1) };
  throw new FieldlineError('CLI_USAGE', {
    subject: `--tag ${text}`,
    detail: 'It is NAME=VALUE, such as site=north.',
  });
}
