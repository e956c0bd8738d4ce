import { FieldlineError, parseDuration } from '@fieldline/protocol';
import { Type } from 'typebox';
import { keepForever, type KeepUs } from '../sinks/embedded/rollups/retention.ts';

const Age = (what: string) =>
  Type.String({
    description: `How long ${what} are kept; a duration such as 90d, or forever`,
    default: 'forever',
  });

/** The embedded store's own settings as people write them. */
export const EmbeddedFile = Type.Object(
  {
    keepReadings: Type.Optional(Age('readings, and windows as devices sent them,')),
    keepTenSeconds: Type.Optional(Age('rollups of ten seconds')),
    keepMinutes: Type.Optional(Age('rollups of a minute')),
    keepHours: Type.Optional(Age('rollups of an hour')),
  },
  { additionalProperties: false },
);
/** The embedded store's own settings as people write them. */
export type EmbeddedFile = Type.Static<typeof EmbeddedFile>;

/** The ages in µs. Throws CONFIG_INVALID_VALUE: also where a coarser rollup would go before a finer one. */
export function resolveKeep(file: EmbeddedFile = {}): KeepUs {
  const keepUs: KeepUs = {
    readings: age('keepReadings', file),
    '10s': age('keepTenSeconds', file),
    '1m': age('keepMinutes', file),
    '1h': age('keepHours', file),
  };
  // What is asked for over a range is answered from the finest windows that are there for all of it.
  const ages = [keepUs['10s'], keepUs['1m'], keepUs['1h']];
  if (
    ages.every((each, index) => index === 0 || each >= (ages[index - 1] ?? 0)) &&
    keepUs['1h'] >= keepUs.readings
  )
    return keepUs;
  const detail = 'Rollups of an hour must be kept as long as those of a minute, these as long as those of ten seconds, and none of it shorter than readings.'; // prettier-ignore
  throw new FieldlineError('CONFIG_INVALID_VALUE', { subject: 'embedded.keepHours', detail });
}

function age(name: keyof EmbeddedFile, file: EmbeddedFile): number {
  const text = file[name];
  if (text === undefined || text === 'forever') return keepForever.readings;
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value > 0) return parsed.value;
  const detail = parsed.ok ? 'It must be longer than 0s.' : `${parsed.refusal.detail}, or forever.`;
  throw new FieldlineError('CONFIG_INVALID_VALUE', { subject: `embedded.${name}`, detail });
}
