import { FieldlineError, parseDuration } from '@fieldline/protocol';
import { Type } from 'typebox';
import { hourUs, keepRollups, type RollupKeepUs } from '../sinks/influxdb/rollups/grains.ts';

const Age = (what: string) =>
  Type.String({
    description: `How long rollups of ${what} are kept in InfluxDB 1.x; a duration of an hour or more such as 90d, or forever`,
    default: 'forever',
  });

/** InfluxDB as people name it. */
export const InfluxFile = Type.Object(
  {
    url: Type.String({ minLength: 1, description: 'Such as http://127.0.0.1:8086' }),
    database: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Created if missing; of 2.x the bucket, which must be there',
      }),
    ),
    username: Type.Optional(Type.String({ description: 'Of 1.x, where it asks for one' })),
    password: Type.Optional(Type.String()),
    token: Type.Optional(
      Type.String({ minLength: 1, description: 'Of 2.x and 3.x, in place of user name and password' }),
    ),
    organization: Type.Optional(Type.String({ minLength: 1, description: 'Of 2.x: its name or id' })),
    gzip: Type.Optional(
      Type.Boolean({ description: 'Compress what is written; where it is left out: unless url is loopback' }),
    ),
    keepMinutes: Type.Optional(Age('a minute')),
    keepHours: Type.Optional(Age('an hour')),
  },
  { additionalProperties: false },
);
/** InfluxDB as people name it. */
export type InfluxFile = Type.Static<typeof InfluxFile>;

/** How long rollups are kept, in µs. Throws CONFIG_INVALID_VALUE: also where those of an hour would go first. */
export function resolveRollupKeep(file: Pick<InfluxFile, 'keepMinutes' | 'keepHours'>): RollupKeepUs {
  const keepUs = { '1m': age('keepMinutes', file), '1h': age('keepHours', file) };
  if (keepUs['1h'] >= keepUs['1m']) return keepUs;
  const detail = 'Rollups of an hour must be kept as long as those of a minute.';
  throw new FieldlineError('CONFIG_INVALID_VALUE', { subject: 'influxdb.keepHours', detail });
}

function age(name: 'keepMinutes' | 'keepHours', file: Pick<InfluxFile, 'keepMinutes' | 'keepHours'>): number {
  const text = file[name];
  if (text === undefined || text === 'forever') return keepRollups['1h'];
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value >= hourUs) return parsed.value;
  const detail = parsed.ok
    ? 'A retention policy of InfluxDB lasts an hour at least.'
    : `${parsed.refusal.detail}, or forever.`;
  throw new FieldlineError('CONFIG_INVALID_VALUE', { subject: `influxdb.${name}`, detail });
}
