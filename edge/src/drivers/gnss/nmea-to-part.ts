import { readPosition } from './nmea-position.ts';

/** What a sentence says of its kind and time. */
export interface NmeaPart {
  /** Talker and type, such as `GNRMC`: what tells the sentences of one epoch apart. */
  readonly key: string;
  /**
   * Time of day, `hhmmss.sss` without zeros at its end; undefined for sentences without one, empty where the field
   * is. Receivers give one second as `120000` in one sentence and as `120000.00` in the next.
   */
  readonly time: string | undefined;
  /** The day as sent, `ddmmyy` or `ddmmyyyy`; undefined where the sentence gives none. */
  readonly date?: string | undefined;
  /** Whether the sentence says that there is a fix; undefined where it does not speak of that. */
  readonly hasFix: boolean | undefined;
  /** It speaks of one constellation only: its "no fix" counts where no other of its kind says "fix". */
  readonly isPartial?: boolean;
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
  /** Horizontal standard deviation, metres (GST). */
  deviation?: number | undefined;
}

/** 1 knot = 1852 m an hour (BIPM, SI brochure, 8th edition, table 8). */
const knotMetrePerSec = 1852 / 3600;
/** Receivers send 99.9 and the like for "unknown". */
const hdopUnknown = 99;
/** No more satellites than this are used by any receiver; more is senseless. */
const satellitesMax = 200;
/** Below and above these there is no receiver: metres, and metres a second (first cosmic velocity). */
const altitudeMinMetre = -11_000;
const altitudeMaxMetre = 2_000_000;
const speedMaxMetrePerSec = 8000;

/** `$`, two letters of the talker, three of the type. Talkers beginning with P are proprietary (`$PGRMC` is no RMC). */
const addressEnd = 6;

/** What a sentence contributes to a fix; undefined for sentences that contribute nothing. */
export function nmeaToPart(sentence: string): NmeaPart | undefined {
  if (!sentence.startsWith('$') || sentence[1] === 'P' || sentence[addressEnd] !== ',') return undefined;
  const reader = readers[sentence.slice(3, addressEnd)];
  if (reader === undefined) return undefined;
  return reader(sentence.slice(1, addressEnd), sentence.slice(0, sentence.lastIndexOf('*')).split(','));
}

/**
 * What a sentence is counted as: its type for the standard ones of any talker, its address for proprietary
 * ones (`PUBX`), the kind for others.
 */
export function sentenceType(sentence: string): string {
  const address = /^[$!]([A-Z0-9]{3,9})[,*]/.exec(sentence)?.[1];
  if (address === undefined) return 'other';
  return address.startsWith('P') ? address : address.slice(2);
}

type Reader = (key: string, fields: readonly string[]) => NmeaPart;

const readers: Readonly<Partial<Record<string, Reader>>> = {
  GGA: (key, fields) => ({
    key,
    time: secondOf(fields[1]),
    hasFix: isOneOf(fields[6], '123456789'),
    values: {
      ...readPosition(fields[2], fields[3], fields[4], fields[5]),
      satellites: knownSatellites(fields[7]),
      hdop: knownHdop(fields[8]),
      altitude: between(number(fields[9]), altitudeMinMetre, altitudeMaxMetre),
    },
  }),
  GNS: (key, fields) => ({
    key,
    time: secondOf(fields[1]),
    // One mode a constellation; any of them that is not N has contributed a fix.
    hasFix: /[A-MO-Z]/.test(fields[6] ?? ''),
    values: {
      ...readPosition(fields[2], fields[3], fields[4], fields[5]),
      satellites: knownSatellites(fields[7]),
      hdop: knownHdop(fields[8]),
      altitude: between(number(fields[9]), altitudeMinMetre, altitudeMaxMetre),
    },
  }),
  RMC: (key, fields) => ({
    key,
    time: secondOf(fields[1]),
    date: fields[9] === '' ? undefined : fields[9],
    // D: a differential fix, as some receivers before NMEA 2.3 say.
    hasFix: isOneOf(fields[2], 'AD') && fields[12] !== 'N',
    values: {
      ...readPosition(fields[3], fields[4], fields[5], fields[6]),
      speed: knownSpeed(number(fields[7]), knotMetrePerSec),
      course: between(number(fields[8]), 0, 360),
    },
  }),
  GLL: (key, fields) => ({
    key,
    time: secondOf(fields[5]),
    hasFix: fields[6] === 'A' && fields[7] !== 'N',
    values: readPosition(fields[1], fields[2], fields[3], fields[4]),
  }),
  VTG: (key, fields) => ({ key, time: undefined, hasFix: undefined, values: readVtg(fields) }),
  GSA: (key, fields) => ({
    key,
    time: undefined,
    hasFix: isOneOf(fields[2], '123') ? fields[2] !== '1' : undefined,
    isPartial: true,
    values: { hdop: knownHdop(fields[16]) },
  }),
  GST: (key, fields) => ({
    key,
    time: secondOf(fields[1]),
    hasFix: undefined,
    values: { deviation: horizontal(number(fields[6]), number(fields[7])) },
  }),
  ZDA: (key, fields) => ({
    key,
    time: secondOf(fields[1]),
    date: readZdaDay(fields),
    hasFix: undefined,
    values: {},
  }),
  // What satellites stand in the sky says nothing of a fix, but belongs to the epoch.
  GSV: (key) => ({ key, time: undefined, hasFix: undefined, values: {} }),
};

/** A time of day without the zeros behind its point, so that equal times are equal texts. */
function secondOf(field = ''): string {
  const point = field.indexOf('.');
  if (point < 0) return field;
  let end = field.length;
  while (field[end - 1] === '0') end -= 1;
  return field.slice(0, end - 1 === point ? point : end);
}

function readZdaDay([, , day = '', month = '', year = '']: readonly string[]): string | undefined {
  return day === '' || month === '' || year === '' ? undefined : day + month + year;
}

/** Speed in knots, else in km/h; older receivers leave out the letters (NMEA 0183 before 2.0). */
function readVtg(fields: readonly string[]): PartialFix {
  if (fields[9] === 'N') return {};
  const knots = number(fields[5]);
  return {
    course: between(number(fields[1]), 0, 360),
    speed: knots === undefined ? knownSpeed(number(fields[7]), 1 / 3.6) : knownSpeed(knots, knotMetrePerSec),
  };
}

/** A decimal number; undefined for an empty or senseless field. */
function number(field: string | undefined): number | undefined {
  if (field === undefined || field === '') return undefined;
  return /^ *[+-]?(\d+\.?\d*|\.\d+) *$/.test(field) ? Number(field) : undefined;
}

function isOneOf(field: string | undefined, characters: string): boolean {
  return field?.length === 1 && characters.includes(field);
}

function between(value: number | undefined, low: number, high: number): number | undefined {
  return value !== undefined && value >= low && value <= high ? value : undefined;
}

function knownSatellites(field: string | undefined): number | undefined {
  const satellites = between(number(field), 0, satellitesMax);
  return Number.isInteger(satellites) ? satellites : undefined;
}

function knownHdop(field: string | undefined): number | undefined {
  const hdop = number(field);
  return hdop !== undefined && hdop > 0 && hdop < hdopUnknown ? hdop : undefined;
}

function knownSpeed(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : between(value * factor, 0, speedMaxMetrePerSec);
}

function horizontal(north: number | undefined, east: number | undefined): number | undefined {
  return north === undefined || east === undefined ? undefined : Math.hypot(north, east);
}
