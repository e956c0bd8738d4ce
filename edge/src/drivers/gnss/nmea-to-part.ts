import { parseNmeaSentence } from 'nmea-simple';

/** What a sentence says of its kind and time. */
export interface NmeaPart {
  /** Talker and type, such as `GNRMC`: what tells the sentences of one epoch apart. */
  readonly key: string;
  /** Time of day as sent, `hhmmss.sss`; undefined for sentences without one, empty where the field is. */
  readonly time: string | undefined;
  /** Whether the sentence says that there is a fix; undefined where it does not speak of that. */
  readonly hasFix: boolean | undefined;
  readonly values: PartialFix;
}

/** The figures of a sentence that may be used; absent ones are undefined. */
export interface PartialFix {
  /** Degrees, north and east positive; both or none. */
  lat?: number | undefined;
  lon?: number | undefined;
  /** Metres above mean sea level. */
  altitude?: number | undefined;
  /** Metres a second over ground. */
  speed?: number | undefined;
  /** Degrees from true north. */
  course?: number | undefined;
  /** Satellites used. */
  satellites?: number | undefined;
  hdop?: number | undefined;
}

/** 1 knot = 1852 m an hour (BIPM, SI brochure, 8th edition, table 8). */
const knotMetrePerSec = 1852 / 3600;
/** Receivers send 99.9 and the like for "unknown". */
const hdopUnknown = 99;

/** Talkers beginning with P are proprietary (`$PGRMC` is not an RMC). */
const usedPattern = /^\$([A-OQ-Z][A-Z])(GGA|RMC|GNS|GLL|VTG|GSA),/;

/** What a sentence contributes to a fix; undefined for sentences that contribute nothing. */
export function nmeaToPart(sentence: string): NmeaPart | undefined {
  const match = usedPattern.exec(sentence);
  if (!match) return undefined;
  const fields = sentence.slice(1, sentence.lastIndexOf('*')).split(',');
  const type = match[2] ?? '';
  const reader = readers[type];
  return reader && { key: `${match[1]}${type}`, ...reader(sentence, fields) };
}

type Reader = (sentence: string, fields: readonly string[]) => Omit<NmeaPart, 'key'>;

const readers: Readonly<Record<string, Reader>> = {
  GGA: (sentence, fields) => ({
    time: fields[1] ?? '',
    hasFix: /^[1-9]$/.test(fields[6] ?? ''),
    values: {
      ...position(sentence, fields.slice(2, 6)),
      satellites: number(fields[7]),
      hdop: knownHdop(fields[8]),
      altitude: number(fields[9]),
    },
  }),
  GNS: (sentence, fields) => ({
    time: fields[1] ?? '',
    // One mode a constellation; any of them that is not N has contributed a fix.
    hasFix: /[^N]/.test(fields[6] ?? ''),
    values: {
      ...position(sentence, fields.slice(2, 6)),
      satellites: number(fields[7]),
      hdop: knownHdop(fields[8]),
      altitude: number(fields[9]),
    },
  }),
  RMC: (sentence, fields) => ({
    time: fields[1] ?? '',
    hasFix: fields[2] === 'A' && fields[12] !== 'N',
    values: {
      ...position(sentence, fields.slice(3, 7)),
      speed: scaled(number(fields[7]), knotMetrePerSec),
      course: number(fields[8]),
    },
  }),
  GLL: (sentence, fields) => ({
    time: fields[5] ?? '',
    hasFix: fields[6] === 'A' && fields[7] !== 'N',
    values: position(sentence, fields.slice(1, 5)),
  }),
  VTG: (_sentence, fields) => ({ time: undefined, hasFix: undefined, values: readVtg(fields) }),
  GSA: (_sentence, fields) => ({
    time: undefined,
    hasFix: /^[123]$/.test(fields[2] ?? '') ? fields[2] !== '1' : undefined,
    values: { hdop: knownHdop(fields[16]) },
  }),
};

/** Speed in knots, else in km/h; older receivers leave out the letters (NMEA 0183 before 2.0). */
function readVtg(fields: readonly string[]): PartialFix {
  if (fields[9] === 'N') return {};
  const knots = number(fields[5]);
  return {
    course: number(fields[1]),
    speed: knots === undefined ? scaled(number(fields[7]), 1 / 3.6) : scaled(knots, knotMetrePerSec),
  };
}

/**
 * The position by nmea-simple, behind guards: it turns empty fields into 0,0, reads minutes without a decimal
 * point as 0, takes any letter for a hemisphere, and knows no range.
 */
function position(sentence: string, [lat = '', ns = '', lon = '', ew = '']: readonly string[]): PartialFix {
  const wellFormed =
    /^\d{3,4}\.\d+$/.test(lat) && /^[NS]$/.test(ns) && /^\d{3,5}\.\d+$/.test(lon) && /^[EW]$/.test(ew);
  if (!wellFormed) return {};
  const packet = tryParse(sentence);
  if (packet === undefined || !('latitude' in packet) || !('longitude' in packet)) return {};
  const { latitude, longitude } = packet;
  if (!(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) return {};
  return { lat: latitude, lon: longitude };
}

/** nmea-simple throws on whatever it does not expect. */
function tryParse(sentence: string): ReturnType<typeof parseNmeaSentence> | undefined {
  try {
    return parseNmeaSentence(sentence);
  } catch {
    return undefined;
  }
}

/** A decimal number; undefined for an empty or senseless field, where nmea-simple gives 0 or NaN. */
function number(field: string | undefined): number | undefined {
  return field !== undefined && /^[+-]?\d+(\.\d*)?$|^[+-]?\.\d+$/.test(field.trim())
    ? Number(field)
    : undefined;
}

function knownHdop(field: string | undefined): number | undefined {
  const hdop = number(field);
  return hdop !== undefined && hdop > 0 && hdop < hdopUnknown ? hdop : undefined;
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
