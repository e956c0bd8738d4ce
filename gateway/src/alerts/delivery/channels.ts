import type { AlertChannelConfig } from '../../config/gateway-config.ts';
import type { Channel } from './channel.ts';
import { emailChannel } from './email-channel.ts';
import { mqttChannel } from './mqtt-channel.ts';
import { webhookChannel } from './webhook-channel.ts';

/** The channels of the gateway's file, by name. */
export function openChannels(
  configs: Readonly<Record<string, AlertChannelConfig>>,
): ReadonlyMap<string, Channel> {
  return new Map(Object.entries(configs).map(([name, config]) => [name, openChannel(config)]));
}

function openChannel(config: AlertChannelConfig): Channel {
  switch (config.kind) {
    case 'webhook':
      return webhookChannel(config);
    case 'email':
      return emailChannel(config);
    case 'mqtt':
      return mqttChannel(config);
  }
}
