import { Type } from 'typebox';
import { EmbeddedFile } from './embedded-schema.ts';
import { InfluxFile } from './influx-schema.ts';
import { DialectFile } from './dialect-schema.ts';
import { AlertsFile } from './alerts-schema.ts';

const closed = { additionalProperties: false };

const listenKeys = (what: string) => ({
  host: Type.Optional(Type.String({ minLength: 1, description: `Address on which ${what} listens` })),
  port: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 65_535, description: 'Port; 0 takes any free one' }),
  ),
});

const plainKeys = {
  insecure: Type.Optional(
    Type.Boolean({ description: 'Allow an address beyond loopback although nothing is encrypted' }),
  ),
};

const allowedHosts = Type.Optional(
  Type.Array(Type.String({ pattern: '^(https?://)?[A-Za-z0-9.-]+(:\\d{1,5})?$' }), {
    maxItems: 32,
    description:
      'Further names of this gateway: host names, or the whole origin of a proxy (https://fieldline.example)',
  }),
);

const secureListen = (what: string) =>
  Type.Object(
    {
      ...listenKeys(what),
      enabled: Type.Optional(Type.Boolean({ description: 'False switches it off' })),
    },
    closed,
  );

const Count = (description: string) => Type.Integer({ minimum: 1, maximum: 1e9, description });
const Size = (description: string) => Type.String({ description: `${description}; a size such as 64MB` });
const Time = (description: string) => Type.String({ description: `${description}; a duration such as 10s` });

/** The limits as people write them. */
export const LimitsFile = Type.Partial(
  Type.Object({
    batchBytes: Size('One batch as it arrives'),
    inflatedBytes: Size('One batch after decompression'),
    connectBytes: Size('The CONNECT packet: all that a peer may send before it is known'),
    connectTimeout: Time('How long CONNECT may take to arrive'),
    connections: Count('Open MQTT connections'),
    unauthenticatedConnections: Count('MQTT connections that are not authenticated yet'),
    unauthenticatedPerAddress: Count('The same from one address; for IPv6 from one /64'),
    inFlightBatches: Count('Batches between socket and journal; beyond it sockets are not read'),
    inFlightBytes: Size('The same in bytes'),
    devices: Count('Registered devices'),
    streamsPerDevice: Count('Streams of one device'),
    epochsPerDevice: Count('Epochs of one device: it begins one when it has lost its outbox'),
    rangesPerEpoch: Count('Separate runs of received batches of one epoch'),
    digestsPerEpoch: Count('Newest batches of an epoch of which a digest is kept'),
    deadLetters: Count('Dead letters kept; the oldest go first'),
    deadLetterBytes: Size('First bytes kept of a dead letter'),
    deadLetterStoreBytes: Size('Dead letters together; the oldest are cut to their first bytes'),
    futureTime: Time("How far ahead of the gateway's clock a time may lie"),
    anchorWait: Time('How long a batch of a device without a clock waits for the time'),
    anchorWaitBytes: Size('Batches that wait so, together'),
    journalBytes: Size('Journal on disk; the oldest segments go first'),
    journalAge: Time('How long the journal keeps a batch'),
    drain: Time('How long a stop may wait for what is under way'),
    users: Count('People who may sign in'),
    tokens: Count('Tokens of programs'),
    sessions: Count('Browsers that are signed in; beyond it the oldest session ends'),
    sessionAge: Time('How long somebody stays signed in'),
    auditEntries: Count('Entries of the audit log; the oldest go first'),
    auditAge: Time('How long the audit log keeps an entry'),
  }),
  { additionalProperties: false },
);
export type LimitsFile = Type.Static<typeof LimitsFile>;

/** The gateway's YAML file, and the options of `startGateway`: everything has a default. */
export const GatewayFile = Type.Partial(
  Type.Object({
    home: Type.String({
      minLength: 1,
      description: "Directory of everything durable; relative to the file's",
    }),
    http: Type.Object({ ...listenKeys('the API and the dashboard'), ...plainKeys, allowedHosts }, closed),
    mqtt: Type.Object({ ...listenKeys('the broker'), ...plainKeys }, closed),
    https: secureListen('the API over TLS, with the claims of devices,'),
    mqtts: secureListen('the broker over TLS'),
    tls: Type.Object(
      {
        certificateFile: Type.Optional(
          Type.String({
            minLength: 1,
            description: 'Certificate with its chain (PEM); relative to this file',
          }),
        ),
        keyFile: Type.Optional(Type.String({ minLength: 1, description: 'Its private key (PEM)' })),
        names: Type.Optional(
          Type.Array(Type.String({ pattern: '^[A-Za-z0-9.:-]{1,253}$' }), {
            maxItems: 64,
            description: 'Names and addresses of the gateway that its own certificate shall carry too',
          }),
        ),
        deviceCertificateAge: Type.Optional(Time('How long the certificate of a device counts')),
        claimAge: Type.Optional(Time('How long a claim can be traded')),
      },
      closed,
    ),
    directBatches: Type.Boolean({
      description:
        'Take batches straight from the sockets of their devices, past the MQTT library: many times faster',
    }),
    stores: Type.Array(Type.Union([Type.Literal('embedded'), Type.Literal('influxdb')]), {
      minItems: 1,
      uniqueItems: true,
      description: 'The first answers queries, and the ledger compares its counts',
    }),
    embedded: EmbeddedFile,
    influxdb: InfluxFile,
    dashboardDirectory: Type.String({
      minLength: 1,
      description: 'The built dashboard; none: the API alone',
    }),
    logLevel: Type.Union(
      [
        Type.Literal('debug'),
        Type.Literal('info'),
        Type.Literal('warn'),
        Type.Literal('error'),
        Type.Literal('silent'),
      ],
      { description: 'What is logged, on standard error' },
    ),
    alerts: AlertsFile,
    dialects: Type.Array(DialectFile, {
      maxItems: 100,
      description: 'Accounts that speak no batches, and how their messages become streams',
    }),
    limits: LimitsFile,
  }),
  { additionalProperties: false },
);

/** What `GatewayFile` describes: the YAML file, and what `startGateway` takes. */
export type GatewayOptions = Type.Static<typeof GatewayFile>;
