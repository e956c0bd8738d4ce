import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NmeaFramer } from '../../framing/nmea-framer.ts';
import { EpochMerger, type Fix } from './epoch-merger.ts';
import { nmeaToPart } from './nmea-to-part.ts';

interface Report {
  readonly mode: number;
  readonly lat?: number;
  readonly lon?: number;
}
interface Position {
  readonly lat: number;
  readonly lon: number;
}

const cases = new URL('./cases/', import.meta.url).pathname;
const logs = readdirSync(cases).filter((name) => name.endsWith('.log'));

/** The fixes of a recording; chunks of the given size, or all at once. */
function fixesOf(bytes: Uint8Array, chunkBytes = bytes.length): Fix[] {
  const framer = new NmeaFramer();
  const merger = new EpochMerger();
  const fixes: Fix[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const frame of framer.push(bytes.subarray(at, at + chunkBytes))) {
      const part = frame.kind === 'sentence' ? nmeaToPart(frame.text) : undefined;
      if (part) fixes.push(...merger.push(part, 0));
    }
  }
  const last = merger.flush();
  return last ? [...fixes, last] : fixes;
}

const sentence = (body: string): string => {
  const xor = Buffer.from(body).reduce((sum, byte) => sum ^ byte, 0);
  return `$${body}*${xor.toString(16).padStart(2, '0')}\r\n`;
};
const read = (...bodies: string[]): Fix[] => fixesOf(Buffer.from(bodies.map(sentence).join('')));

const near = (a: Position, b: Position): boolean =>
  Math.abs(a.lat - b.lat) <= 1e-6 && Math.abs(a.lon - b.lon) <= 1e-6;

function positions(name: string): Position[] {
  const lines = readFileSync(`${cases}${name.replace('.log', '.tpv.jsonl')}`, 'utf8')
    .trim()
    .split('\n');
  const reports: Report[] = lines.map((line) => JSON.parse(line));
  return reports.flatMap(({ mode, lat, lon }) =>
    mode > 1 && lat !== undefined && lon !== undefined ? [{ lat, lon }] : [],
  );
}

/** gpsd had not reported the last epoch yet where the recording ends. */
const endsBeforeReport = ['neo-m8n.log', 'ublox-lea-4h.log'];
/** gpsd takes a GGA whose quality field is empty for a fix; its RMC and GSA say that there is none. */
const stricterThanGpsd: Readonly<Record<string, number>> = { 'myguide-3100.log': 2 };

describe('recorded receivers, compared with gpsd', () => {
  it('are all there', () => expect(logs.length).toBeGreaterThanOrEqual(24));

  it.each(logs)('%s: the same positions within 1e-6 degrees, in the same order', (name) => {
    const fixes = fixesOf(readFileSync(`${cases}${name}`));
    const expected = positions(name);
    let at = 0;
    fixes.forEach((fix, index) => {
      const found = expected.findIndex((position, from) => from >= at && near(position, fix));
      if (found < 0 && index === fixes.length - 1 && endsBeforeReport.includes(name)) return;
      expect(found, `fix ${index} at ${fix.lat}, ${fix.lon}`).toBeGreaterThanOrEqual(0);
      at = found;
    });
    const missed = expected.filter((position) => !fixes.some((fix) => near(fix, position)));
    expect(missed).toHaveLength(stricterThanGpsd[name] ?? 0);
  });

  it.each(['neo-m8n.log', 'ublox-8.log', 'gp-320fw-2019-04-07-coldboot.log'])(
    '%s: the same byte by byte',
    (name) => {
      const bytes = readFileSync(`${cases}${name}`);
      expect(fixesOf(bytes, 1)).toEqual(fixesOf(bytes));
    },
  );
});

describe('an epoch', () => {
  it('merges its sentences into one fix, in SI units', () => {
    const fixes = read(
      'GNRMC,120000.00,A,4730.00,N,00830.00,E,10.0,90.5,010124,,,A',
      'GNVTG,91.0,T,,M,11.0,N,20.4,K,A',
      'GNGGA,120000.00,4730.00,N,00830.00,E,1,09,0.80,432.1,M,48.0,M,,',
      'GNRMC,120001.00,V,,,,,,,010124,,,N',
    );
    expect(fixes).toEqual([
      {
        atUs: 0,
        time: '120000',
        date: '010124',
        lat: 47.5,
        lon: 8.5,
        altitude: 432.1,
        speed: (10 * 1852) / 3600,
        course: 90.5,
        satellites: 9,
        hdop: 0.8,
      },
    ]);
  });

  it.each([
    ['a GGA of quality 0', 'GPGGA,120000,4730.00,N,00830.00,E,0,00,,,M,,M,,'],
    ['empty fields', 'GPGGA,120000,,,,,1,05,1.0,,M,,M,,'],
    ['an RMC of status V', 'GPRMC,120000,V,4730.00,N,00830.00,E,0,0,010124,,'],
    ['a GLL of status V', 'GPGLL,4730.00,N,00830.00,E,120000,V,N'],
    ['a GNS without any mode', 'GNGNS,120000,4730.00,N,00830.00,E,NN,00,,,,,'],
    ['a latitude beyond the pole', 'GPRMC,120000,A,9930.00,N,00830.00,E,0,0,010124,,'],
    ['a hemisphere that is none', 'GPRMC,120000,A,4730.00,X,00830.00,E,0,0,010124,,'],
    ['senseless fields behind a right checksum', 'GPGGA,nonsense,**,N,zz,E,1,,,,,,,,'],
    ['a proprietary sentence that looks like one', 'PGRMC,A,4730.00,N,00830.00,E'],
  ])('gives no position for %s', (_what, body) => {
    expect(read(body)).toEqual([]);
  });

  it('gives no position where one of its sentences says that there is no fix', () => {
    expect(
      read('GPGGA,120000,4730.00,N,00830.00,E,1,05,1.0,1,M,,M,,', 'GPRMC,120000,V,,,,,,,010124,,'),
    ).toEqual([]);
    expect(read('GPRMC,120000,A,4730.00,N,00830.00,E,0,0,010124,,', 'GPGSA,A,1,,,,,,,,,,,,,,,')).toEqual([]);
  });

  it('leaves out what is not known', () => {
    const [fix] = read('GPGGA,120000,4730.00,N,00830.00,E,1,05,99.9,,M,,M,,');
    expect(fix).toEqual({
      atUs: 0,
      time: '120000',
      lat: 47.5,
      lon: 8.5,
      satellites: 5,
      altitude: undefined,
      hdop: undefined,
    });
  });

  it('is given at its last sentence once the order of the receiver is known', () => {
    const merger = new EpochMerger();
    const give = (body: string): number => {
      const part = nmeaToPart(sentence(body).trim());
      return part ? merger.push(part, 0).length : 0;
    };
    const counts = Array.from({ length: 6 }, (_, second) => [
      give(`GPRMC,12000${second},A,4730.00,N,00830.00,E,0,0,010124,,`),
      give(`GPGGA,12000${second},4730.00,N,00830.00,E,1,05,1.0,1,M,,M,,`),
    ]);
    expect(counts).toEqual([
      [0, 0],
      [1, 0],
      [1, 0],
      [1, 1],
      [0, 1],
      [0, 1],
    ]);
  });
});
