import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordingHost } from '../../testing/recording-host.ts';
import { gnss } from './gnss.ts';

/**
 * Receivers that nobody recorded, by the liberties that NMEA 0183 from 2.0 to 4.11 leaves to them: which sentences, in
 * what order, under which talkers, with how many digits, with or without the fields of newer versions. What they should
 * yield is reckoned from whole numbers, not by the code that reads sentences.
 */
interface Epoch {
  /** Tenths of a second since midnight; may go on beyond midnight. */
  readonly tenths: number;
  readonly hasFix: boolean;
  /** Millionths of a minute, south and west negative. */
  readonly lat: number;
  readonly lon: number;
}

interface Style {
  readonly talker: string;
  readonly others: string;
  /** Sentences of an epoch, in this order; from the middle of the recording on in the other. */
  readonly kinds: readonly string[];
  readonly laterKinds: readonly string[];
  /** Digits behind the point of minutes. */
  readonly minuteDigits: number;
  /** Digits behind the point of seconds, by whether the sentence is an RMC: receivers differ within themselves. */
  readonly rmcDigits: number;
  readonly otherDigits: number;
  /** `2.1`: no mode fields; `2.3`: mode; `4.11`: mode, navigational status, system and signal ids. */
  readonly version: '2.1' | '2.3' | '4.11';
  readonly lowercase: boolean;
  readonly ending: '\r\n' | '\n' | '\r' | '';
  readonly proprietary: boolean;
  readonly satellitesFirst: boolean;
  readonly stepTenths: number;
}

const minuteMillionths = 1_000_000;
const degreeMillionths = 60 * minuteMillionths;

function framed(body: string, { lowercase, ending }: Style): string {
  const sum = Buffer.from(body).reduce((xor, byte) => xor ^ byte, 0);
  const digits = sum.toString(16).padStart(2, '0');
  return `$${body}*${lowercase ? digits : digits.toUpperCase()}${ending}`;
}

/** What remains of an angle when its minutes are cut to some digits: what the receiver says, exactly. */
function cut(millionths: number, digits: number): number {
  const unit = 10 ** (6 - digits);
  return Math.trunc(millionths / unit) * unit;
}

function angle(millionths: number, degreeDigits: number, digits: number): string {
  const whole = Math.abs(cut(millionths, digits));
  const degrees = String(Math.floor(whole / degreeMillionths)).padStart(degreeDigits, '0');
  const rest = whole % degreeMillionths;
  const minutes = String(Math.floor(rest / minuteMillionths)).padStart(2, '0');
  const fraction = String(rest % minuteMillionths)
    .padStart(6, '0')
    .slice(0, digits);
  return digits === 0 ? degrees + minutes : `${degrees}${minutes}.${fraction}`;
}

function clockText(tenths: number, digits: number): string {
  const ofDay = tenths % 864_000;
  const [sec, tenth] = [Math.floor(ofDay / 10), ofDay % 10];
  const two = (value: number): string => String(value).padStart(2, '0');
  const text = two(Math.floor(sec / 3600)) + two(Math.floor(sec / 60) % 60) + two(sec % 60);
  // A time of a fraction needs a digit for it.
  const shown = tenth > 0 ? Math.max(1, digits) : digits;
  return shown === 0 ? text : `${text}.${String(tenth).padEnd(shown, '0')}`;
}

function dayText(tenths: number): string {
  const date = new Date(Date.UTC(2026, 10, 30) + Math.floor(tenths / 864_000) * 86_400_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return two(date.getUTCDate()) + two(date.getUTCMonth() + 1) + two(date.getUTCFullYear() % 100);
}

/** One sentence of an epoch, without its frame. */
function body(kind: string, epoch: Epoch, style: Style): string {
  const { hasFix, tenths } = epoch;
  const { talker, others, version, minuteDigits } = style;
  const time = clockText(tenths, kind === 'RMC' ? style.rmcDigits : style.otherDigits);
  const position = hasFix
    ? `${angle(epoch.lat, 2, minuteDigits)},${epoch.lat < 0 ? 'S' : 'N'},` +
      `${angle(epoch.lon, 3, minuteDigits)},${epoch.lon < 0 ? 'W' : 'E'}`
    : ',,,';
  const status = hasFix ? 'A' : 'V';
  const mode = version === '2.1' ? '' : `,${hasFix ? 'A' : 'N'}`;
  const newer = version === '4.11';
  if (kind === 'RMC')
    return `${talker}RMC,${time},${status},${position},0.5,12.3,${dayText(tenths)},,${mode}${newer ? ',V' : ''}`;
  if (kind === 'GGA') return `${talker}GGA,${time},${position},${hasFix ? 1 : 0},07,1.1,12.3,M,45.6,M,,`;
  if (kind === 'GLL') return `${talker}GLL,${position},${time},${status}${mode}`;
  if (kind === 'GNS')
    return `${talker}GNS,${time},${position},${hasFix ? 'ANA' : 'NNN'},07,1.1,12.3,45.6,,${newer ? ',V' : ''}`;
  if (kind === 'VTG') return `${talker}VTG,12.3,T,,M,0.5,N,0.9,K${mode}`;
  if (kind === 'ZDA') return `${talker}ZDA,${time},01,12,2026,00,00`;
  if (kind === 'GST') return `${talker}GST,${time},1.2,,,,3.0,4.0,5.0`;
  if (kind === 'GSA')
    return `${talker}GSA,A,${hasFix ? 3 : 1},01,02,,,,,,,,,,,2.0,1.1,1.7${newer ? ',1' : ''}`;
  return `${others}GSV,1,1,02,01,40,083,41,02,17,308,${newer ? ',1' : ''}`;
}

function recording(epochs: readonly Epoch[], style: Style): string {
  return epochs
    .map((epoch, index) => {
      const kinds = index < epochs.length / 2 ? style.kinds : style.laterKinds;
      const sentences = kinds.map((kind) => body(kind, epoch, style));
      const first = style.satellitesFirst ? [body('VTG', epoch, style), body('GSV', epoch, style)] : [];
      const last = style.proprietary ? ['PMTK010,001', 'PUBX,00,1,2,3'] : [];
      return [...first, ...sentences, ...last].map((each) => framed(each, style)).join('');
    })
    .join('');
}

/** Degrees of an angle in millionths of minutes. */
const degrees = (millionths: number): number => millionths / degreeMillionths;

const positioned = ['RMC', 'GGA', 'GLL', 'GNS'] as const;
const beside = ['VTG', 'ZDA', 'GST', 'GSA', 'GSV'] as const;

const kinds = fc
  .tuple(fc.subarray([...positioned], { minLength: 1 }), fc.subarray([...beside]))
  .chain(([some, more]) => fc.shuffledSubarray([...some, ...more], { minLength: some.length + more.length }))
  // The first with a time tells where an epoch begins: what comes before it would stand in the one before.
  .map((all) => [...all].sort((a, b) => Number(hasNoTime(a)) - Number(hasNoTime(b))));

function hasNoTime(kind: string): boolean {
  return ['VTG', 'GSA', 'GSV'].includes(kind);
}

const style: fc.Arbitrary<Style> = fc.record({
  talker: fc.constantFrom('GP', 'GN', 'GL', 'GA', 'GB', 'BD', 'QZ', 'GI', 'GQ', 'II'),
  others: fc.constantFrom('GP', 'GL', 'GA', 'GB', 'BD', 'QZ', 'GI'),
  kinds,
  laterKinds: kinds,
  minuteDigits: fc.integer({ min: 0, max: 6 }),
  rmcDigits: fc.integer({ min: 0, max: 3 }),
  otherDigits: fc.integer({ min: 0, max: 3 }),
  version: fc.constantFrom('2.1', '2.3', '4.11'),
  lowercase: fc.boolean(),
  ending: fc.constantFrom('\r\n', '\n', '\r', ''),
  proprietary: fc.boolean(),
  satellitesFirst: fc.boolean(),
  stepTenths: fc.constantFrom(1, 2, 10, 50),
});

/** Begins shortly before midnight; loses and finds its fix; each position is another one. */
const journey = fc.record({
  fixes: fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
  lat: fc.integer({ min: -89 * degreeMillionths, max: 89 * degreeMillionths }),
  lon: fc.integer({ min: -179 * degreeMillionths, max: 179 * degreeMillionths }),
});

function epochsOf(
  { fixes, lat, lon }: { fixes: readonly boolean[]; lat: number; lon: number },
  stepTenths: number,
): Epoch[] {
  return fixes.map((hasFix, index) => ({
    tenths: 864_000 - 15 * stepTenths + index * stepTenths,
    hasFix,
    lat: lat + index * minuteMillionths,
    lon: lon - index * minuteMillionths,
  }));
}

/** What the driver yields of these bytes, in chunks of the given size. */
function rowsOf(text: string, chunkBytes: number, settings: object = {}): Record<string, number>[] {
  const bound = gnss.bind({ port: '/dev/x', ...settings });
  if (!bound.ok) throw new Error(bound.refusal.detail);
  const host = new RecordingHost(bound.value);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) host.feed(bytes.subarray(at, at + chunkBytes));
  host.interrupt();
  return host.rows;
}

describe('a receiver of any make', () => {
  it('gives one fix for each epoch that has one, where it says, and none for the others', () => {
    fc.assert(
      fc.property(style, journey, fc.integer({ min: 1, max: 400 }), (look, trip, chunkBytes) => {
        const epochs = epochsOf(trip, look.stepTenths);
        const rows = rowsOf(recording(epochs, look), chunkBytes);
        const valid = epochs.filter(({ hasFix }) => hasFix);
        expect(rows.length).toBe(valid.length);
        valid.forEach(({ lat, lon }, index) => {
          const row = rows[index];
          const [latError, lonError] = [
            (row?.['lat'] ?? NaN) - degrees(cut(lat, look.minuteDigits)),
            (row?.['lon'] ?? NaN) - degrees(cut(lon, look.minuteDigits)),
          ];
          expect(Math.abs(latError)).toBeLessThan(1e-9);
          expect(Math.abs(lonError)).toBeLessThan(1e-9);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('tells the right time over midnight, where its RMC gives the day', () => {
    fc.assert(
      fc.property(style, journey, (look, trip) => {
        const withDay: Style = { ...look, kinds: ['RMC', 'GGA', 'GSA'], laterKinds: ['GGA', 'RMC'] };
        const epochs = epochsOf(trip, look.stepTenths);
        const rows = rowsOf(recording(epochs, withDay), 100, { time: 'receiver' });
        const sinceStart = (Date.UTC(2026, 10, 30) - Date.UTC(2026, 0, 1)) * 1000;
        const expected = epochs
          .filter(({ hasFix }) => hasFix)
          .map(({ tenths }) => sinceStart + tenths * 100_000);
        expect(rows.map(({ at }) => at)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

const plain: Style = {
  ...{ talker: 'GN', others: 'GP', kinds: ['RMC', 'GGA'], laterKinds: ['RMC', 'GGA'] },
  ...{ minuteDigits: 4, rmcDigits: 2, otherDigits: 2, version: '2.3', lowercase: false, ending: '\r\n' },
  ...{ proprietary: false, satellitesFirst: false, stepTenths: 10 },
};
const there: Epoch = {
  tenths: 432_000,
  hasFix: true,
  lat: 2850 * minuteMillionths,
  lon: 510 * minuteMillionths,
};

describe('what a receiver may also do', () => {
  it('no sentence whose checksum is empty, cut or wrong gives a fix', () => {
    const right = framed(body('RMC', there, plain), plain);
    for (const wrong of [
      right.replace(/\*..\r/, '*\r'),
      right.replace(/.\r\n/, '\r\n'),
      right.replace('A,', 'V,'),
    ])
      expect(rowsOf(wrong, 1000)).toEqual([]);
    expect(rowsOf(right, 1000)).toHaveLength(1);
  });

  it('sentences of one epoch that give its second with other digits are one epoch: "no fix" outweighs', () => {
    const [lost, found] = [{ ...there, hasFix: false }, there];
    const text = framed(body('RMC', lost, { ...plain, rmcDigits: 3 }), plain);
    expect(rowsOf(text + framed(body('GGA', found, { ...plain, otherDigits: 0 }), plain), 1000)).toEqual([]);
  });

  it('without any time in its sentences each RMC is an epoch of its own', () => {
    const at = (index: number): string =>
      framed(body('RMC', { ...there, lat: there.lat + index }, plain).replace(/RMC,[^,]*/, 'RMC,'), plain);
    expect(rowsOf([0, 1, 2].map(at).join(''), 1000)).toHaveLength(3);
  });
});
