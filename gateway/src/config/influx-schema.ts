import { FieldlineError, parseDuration } from '@fieldline/protocol';
import { Type } from 'typebox';
import { hourUs, keepRollups, type InfluxKeepUs } from '../sinks/influxdb/rollups/grains.ts';

const Age = (what: string) =>
  Type.String({
    description: `How long ${what} are kept in InfluxDB 1.x; a duration of an hour or more such as 90d, or forever`,
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
    keepReadings: Type.Optional(Age('readings, and windows as devices sent them,')),
    keepMinutes: Type.Optional(Age('rollups of a minute')),
    keepHours: Type.Optional(Age('rollups of an hour')),
  },
  { additionalProperties: false },
);
/** InfluxDB as people name it. */
export type InfluxFile = Type.Static<typeof InfluxFile>;

type Ages = 'keepReadings' | 'keepMinutes' | 'keepHours';

/**
 * How long readings and rollups are kept, in µs. Throws CONFIG_INVALID_VALUE: also where rollups of an hour would go before others, and
 * where a bucket of 2.x or 3.x is to lose readings.
 */
export function resolveInfluxKeep(file: Pick<InfluxFile, Ages | 'token'>): InfluxKeepUs {
  const readings = age('keepReadings', file);
  if (readings !== Infinity && file.token !== undefined)
    throw invalid('keepReadings', 'It is of InfluxDB 1.x: 2.x and 3.x have no rollups that could stand for readings.'); // prettier-ignore
  const keepUs = { readings, '1m': age('keepMinutes', file), '1h': age('keepHours', file) };
  if (keepUs['1h'] >= keepUs['1m'] && keepUs['1h'] >= readings) return keepUs;
  throw invalid(
    'keepHours',
    'Rollups of an hour must be kept as long as those of a minute, and as readings.',
  );
}

function age(name: Ages, file: Pick<InfluxFile, Ages>): number {
  const text = file[name];
  if (text === undefined || text === 'forever') return keepRollups['1h'];
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value >= hourUs) return parsed.value;
  throw invalid(
    name,
    parsed.ok ? 'InfluxDB keeps nothing for less than an hour.' : `${parsed.refusal.detail}, or forever.`,
  );
}

function invalid(name: Ages, detail: string): FieldlineError {
  return new FieldlineError('CONFIG_INVALID_VALUE', { subject: `influxdb.${name}`, detail });
}
