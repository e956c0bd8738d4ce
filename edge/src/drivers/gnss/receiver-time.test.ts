import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NmeaFramer } from '../../framing/nmea-framer.ts';
import { RecordingHost } from '../../testing/recording-host.ts';
import { EpochMerger } from './epoch-merger.ts';
import { gnss } from './gnss.ts';
import { nmeaToPart } from './nmea-to-part.ts';
import { parseDay, parseTimeOfDay, ReceiverTimes } from './receiver-time.ts';

const us = (text: string): number => Date.parse(text) * 1000;
const week = 7 * 86_400_000_000;
const cases = new URL('./cases/', import.meta.url).pathname;
const logs = readdirSync(cases).filter((name) => name.endsWith('.log'));

const sentence = (body: string): string => {
  const xor = Buffer.from(body).reduce((sum, byte) => sum ^ byte, 0);
  return `$${body}*${xor.toString(16).padStart(2, '0')}\r\n`;
};

describe('the time of a receiver', () => {
  it('is made of time of day and day', () => {
    const times = new ReceiverTimes(0);
    expect(times.read('123519.25', '230394')).toEqual({
      utcUs: us('1994-03-23T12:35:19.25Z'),
      addedWeeks: 0,
    });
    expect(times.read('000000', '01012026')).toEqual({ utcUs: us('2026-01-01T00:00:00Z'), addedWeeks: 0 });
  });

  it('is unknown before the first day, and after an interruption', () => {
    const times = new ReceiverTimes(0);
    expect(times.read('123519', undefined)).toBeUndefined();
    times.read('123519', '230394');
    times.reset();
    expect(times.read('123519', undefined)).toBeUndefined();
  });

  it('goes over midnight by itself where epochs give no day', () => {
    const times = new ReceiverTimes(0);
    times.read('235959', '311225');
    expect(times.read('000000', undefined)?.utcUs).toBe(us('2026-01-01T00:00:00Z'));
    expect(times.read('000001', '010126')?.utcUs).toBe(us('2026-01-01T00:00:01Z'));
  });

  it('is moved on by whole rollovers of the week counter, and flagged', () => {
    const times = new ReceiverTimes(us('2026-01-01T00:00:00Z'));
    // 2026-11-23 less 1024 and 2048 weeks, as receivers of the first and second era would say.
    expect(times.read('120000', '090407')).toEqual({ utcUs: us('2026-11-23T12:00:00Z'), addedWeeks: 1024 });
    expect(times.read('120000', '24081987')).toEqual({ utcUs: us('2026-11-23T12:00:00Z'), addedWeeks: 2048 });
    expect(times.read('120000', '231126')).toEqual({ utcUs: us('2026-11-23T12:00:00Z'), addedWeeks: 0 });
  });

  it.each(['', '12:35:19', '240000', '126000', '123561', '12351', '123519x', '-12351'])(
    'is none for the time of day %j',
    (text) => expect(parseTimeOfDay(text)).toBeUndefined(),
  );

  it.each(['', '320101', '010001', '011301', '290225', '01012', '0101123', '01011900', '310426'])(
    'is none for the day %j',
    (text) => expect(parseDay(text)).toBeUndefined(),
  );
});

/** gpsd reports every second epoch of this one; there are more of ours. */
const reportedInPart = ['garmin48.log'];

describe('the times of recorded receivers, compared with gpsd', () => {
  it.each(logs)('%s: the same, but for rollovers', (name) => {
    const text = readFileSync(`${cases}${name.replace('.log', '.tpv.jsonl')}`, 'utf8').trim();
    const reports = text.split('\n').map((line): { time?: string } => JSON.parse(line));
    const expected = new Set(reports.flatMap(({ time }) => (time === undefined ? [] : [us(time) % week])));
    const merger = new EpochMerger();
    const times = new ReceiverTimes(0);
    let alike = 0;
    let told = 0;
    for (const frame of new NmeaFramer().push(readFileSync(`${cases}${name}`))) {
      const part = frame.kind === 'sentence' ? nmeaToPart(frame.text) : undefined;
      for (const fix of part ? merger.push(part, 0) : []) {
        const time = times.read(fix.time, fix.date);
        if (time === undefined) continue;
        told += 1;
        if (expected.has(time.utcUs % week)) alike += 1;
      }
    }
    if (expected.size > 0 && !reportedInPart.includes(name))
      expect(told - alike, `of ${told}`).toBeLessThanOrEqual(Math.max(1, 0.02 * told));
  });
});

describe('a gnss sensor', () => {
  function run(settings: object, bytes: string): RecordingHost {
    const bound = gnss.bind({ port: '/dev/x', ...settings });
    if (!bound.ok) throw new Error(bound.refusal.detail);
    const host = new RecordingHost(bound.value);
    host.feed(bytes);
    host.interrupt();
    return host;
  }
  const fixes = ['120000.00', '120001.00']
    .map((time) => sentence(`GPRMC,${time},A,4730.00,N,00830.00,E,0,0,090407,,`))
    .join('');
  const startUs = Date.UTC(2026, 0, 1) * 1000;

  it('gives fixes the time of the receiver where that is configured, and says that it corrected them', () => {
    const host = run({ time: 'receiver' }, fixes);
    const first = us('2026-11-23T12:00:00Z') - startUs;
    expect(host.rows.map(({ at }) => at)).toEqual([first, first + 1e6]);
    expect(host.figures()).toMatchObject({ fixes: 2, datesCorrected: 2, receiverAheadUs: first + 1e6 });
    expect(host.doubts).toEqual(['week-rollover', 'week-rollover']);
  });

  it('keeps to the clock of the device otherwise', () => {
    const host = run({}, fixes);
    expect(host.rows.map(({ at }) => at)).toEqual([0, 0]);
    // Its time does not come from the receiver, so nothing is uncertain of it.
    expect(host.doubts).toEqual([]);
  });

  it('takes the floor from the configuration', () => {
    const host = run({ time: 'receiver', dateFloor: '2000-01-01' }, fixes);
    expect(host.rows[0]?.['at']).toBe(us('2007-04-09T12:00:00Z') - startUs);
    expect(host.figures()).toMatchObject({ datesCorrected: 0 });
  });

  it('tells the host the time of each fix, for a clock that it sets', () => {
    const { told } = run({}, fixes);
    expect(told).toEqual([
      [us('2026-11-23T12:00:00Z'), startUs],
      [us('2026-11-23T12:00:01Z'), startUs],
    ]);
  });

  it('refuses a floor that is no day', () => {
    expect(gnss.bind({ port: '/dev/x', dateFloor: '2026-13-01' })).toMatchObject({ ok: false });
  });

  it('counts sentences by type, unknown ones too, whoever talks', () => {
    const bodies = [
      'GAGSV,1,1,00',
      'QZZDA,120000,01,01,2026,,',
      'BDGST,120000,1,,,,3,4,5',
      'PUBX,00,1',
      'GPTXT,01',
    ];
    const host = run({}, [...bodies, 'IIMWV,1', 'XXFOO,2', 'GPTXT,02'].map(sentence).join('') + fixes);
    expect(host.figures()).toMatchObject({
      sentences: { GSV: 1, ZDA: 1, GST: 1, RMC: 2 },
      unknown: { PUBX: 1, TXT: 2, MWV: 1, FOO: 1 },
    });
  });

  it('names no more types than it has room for', () => {
    const bodies = Array.from({ length: 100 }, (_, type) => `XX${String(100 + type)},1`);
    const { unknown } = run({}, bodies.map(sentence).join('')).figures() as {
      unknown: Record<string, number>;
    };
    expect(Object.keys(unknown)).toHaveLength(65);
    expect(unknown['other']).toBe(36);
  });
});
