import { FieldlineError } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { AlertChannelConfig } from './gateway-config.ts';

const closed = { additionalProperties: false } as const;

/** Names by which rules mean a channel. */
const named = <Schema extends Type.TSchema>(schema: Schema, description: string) =>
  Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' }), schema, { description });

const Webhook = Type.Object(
  {
    url: Type.String({ minLength: 1, description: 'http:// or https://; redirects are not followed' }),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Sent along, such as an authorization' }),
    ),
    secret: Type.Optional(
      Type.String({ minLength: 1, description: 'Signs the body: HMAC-SHA-256 in x-fieldline-signature' }),
    ),
  },
  closed,
);

const Email = Type.Object(
  {
    url: Type.String({ minLength: 1, description: 'smtp://HOST:PORT or smtps://HOST:PORT' }),
    from: Type.String({ minLength: 3, description: 'Address of the sender' }),
    to: Type.Array(Type.String({ minLength: 3 }), {
      minItems: 1,
      maxItems: 50,
      description: 'Addresses of the receivers',
    }),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
  },
  closed,
);

const Mqtt = Type.Object(
  {
    url: Type.String({ minLength: 1, description: 'mqtt://HOST:PORT or mqtts://HOST:PORT' }),
    topic: Type.String({ pattern: '^[^+#\\u0000]{1,200}$', description: 'Topic of the messages' }),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
  },
  closed,
);

/** Section `alerts` of the gateway's file: ways to people. Rules are made through the API. */
export const AlertsFile = Type.Object(
  {
    webhooks: Type.Optional(named(Webhook, 'Channels that post JSON, by name')),
    emails: Type.Optional(named(Email, 'Channels that send mail over SMTP, by name')),
    mqtt: Type.Optional(named(Mqtt, 'Channels that publish JSON at QoS 1, by name')),
  },
  closed,
);
export type AlertsFile = Type.Static<typeof AlertsFile>;

const protocols: Readonly<Record<AlertChannelConfig['kind'], readonly string[]>> = {
  webhook: ['http:', 'https:'],
  email: ['smtp:', 'smtps:'],
  mqtt: ['mqtt:', 'mqtts:'],
};

/** The channels by name. Throws CONFIG_INVALID_VALUE for an address of another kind, and for a name given twice. */
export function resolveAlertChannels(file: AlertsFile = {}): Readonly<Record<string, AlertChannelConfig>> {
  const channels = new Map<string, AlertChannelConfig>();
  const add = (section: string, name: string, channel: AlertChannelConfig): void => {
    const subject = `alerts.${section}.${name}`;
    if (channels.has(name)) throw invalid(subject, 'Another channel has this name.');
    const { protocol } = URL.parse(channel.url) ?? {};
    const wanted = protocols[channel.kind];
    if (!wanted.includes(protocol ?? '')) {
      // The value is not repeated: it may hold a password.
      throw invalid(`${subject}.url`, `It is no address that begins with ${wanted.join('// or ')}//.`);
    }
    channels.set(name, channel);
  };
  for (const [name, each] of Object.entries(file.webhooks ?? {}))
    add('webhooks', name, { kind: 'webhook', ...each });
  for (const [name, each] of Object.entries(file.emails ?? {}))
    add('emails', name, { kind: 'email', ...each });
  for (const [name, each] of Object.entries(file.mqtt ?? {})) add('mqtt', name, { kind: 'mqtt', ...each });
  return Object.fromEntries(channels);
}

function invalid(subject: string, detail: string): FieldlineError {
  return new FieldlineError('CONFIG_INVALID_VALUE', { subject, detail });
}
