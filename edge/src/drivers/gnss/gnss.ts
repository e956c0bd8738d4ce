import { accepted, refused, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { serialSettings, toSerialSettings, type SerialSettings } from '../../bindings/serial-settings.ts';
import { NmeaFramer, type NmeaFrame } from '../../framing/nmea-framer.ts';
import { defineDriver, type BoundDriver, type DriverHost, type RunningDriver } from '../driver.ts';
import { EpochMerger, type Fix } from './epoch-merger.ts';
import { nmeaToPart, sentenceType } from './nmea-to-part.ts';
import { dateFloorDefault, ReceiverTimes } from './receiver-time.ts';
import { SentenceCounts } from './sentence-counts.ts';

/** The quantities of a fix, in the order of the columns. */
const quantities = [
  { quantity: 'lat', unit: 'lat' },
  { quantity: 'lon', unit: 'lon' },
  { quantity: 'altitude', unit: 'm' },
  { quantity: 'speed', unit: 'm/s' },
  { quantity: 'course', unit: 'deg' },
  { quantity: 'satellites', unit: 'count' },
  { quantity: 'hdop', unit: '/' },
] as const;

/** Why a fix is uncertain whose time was moved on by whole rollovers of the receiver's week counter. */
export const weekRollover = 'week-rollover';

/** An epoch that is not continued for so long has ended. Receivers pause longer between two epochs. */
const quietMs = 300;

const timeKeys = {
  time: Type.Optional(
    Type.Union([Type.Literal('device'), Type.Literal('receiver')], {
      default: 'device',
      description: 'Whose clock gives fixes their time; `device` where the receiver has not told the day yet',
    }),
  ),
  dateFloor: Type.Optional(
    Type.String({
      pattern: '^\\d{4}-\\d\\d-\\d\\d$',
      default: dateFloorDefault,
      description:
        'Earlier days of the receiver are moved on by 1024 weeks, since its week counter fell back',
    }),
  ),
};

/**
 * GNSS receivers that speak NMEA 0183. One row a fix: position, altitude above mean sea level, speed, course,
 * satellites used, HDOP; quantities that the epoch did not give are absent. Without a valid fix there is no
 * row. The time of a row is the device's clock when the epoch's first sentence arrived, or by configuration that
 * of the receiver.
 */
export const gnss = defineDriver({
  name: 'gnss',
  settings: Type.Object({ ...serialSettings, ...timeKeys }, { additionalProperties: false }),
  bind(settings): Result<BoundDriver> {
    // NMEA 0183 section 2: 4800 baud; nearly all receivers since 2005 start with 9600.
    const serial = toSerialSettings(settings, { baudRate: 9600 });
    if (!serial.ok) return serial;
    const { time = 'device', dateFloor = dateFloorDefault } = settings;
    const floorUs = Date.parse(`${dateFloor}T00:00:00Z`) * 1000;
    if (!Number.isFinite(floorUs))
      return refused(
        'CONFIG_INVALID_VALUE',
        `dateFloor: "${dateFloor}" is no day such as ${dateFloorDefault}`,
      );
    return accepted({
      // A fix is given at the end of its epoch and bears the time of its beginning.
      plan: { quantities, window: 'none', sketch: false, lateness: '2s' },
      start: (host) => new GnssReader(host, serial.value, { isReceiverTime: time === 'receiver', floorUs }),
    });
  },
});

/** What the command `stats` shows of a receiver. */
interface GnssFigures {
  fixes: number;
  /** Fixes whose day was moved on, since the receiver's week counter had fallen back. */
  datesCorrected: number;
  /** Horizontal standard deviation that the receiver gave with its last fix, metres. */
  deviationMetre: number | undefined;
  /** The receiver's time less the device's, at the last fix. */
  receiverAheadUs: number | undefined;
}

class GnssReader implements RunningDriver {
  readonly #host: DriverHost;
  readonly #framer = new NmeaFramer();
  readonly #merger = new EpochMerger();
  readonly #t = new Float64Array(1);
  readonly #columns = quantities.map(() => new Float64Array(1));
  readonly #sentences = new SentenceCounts();
  readonly #times: ReceiverTimes;
  readonly #isReceiverTime: boolean;
  readonly #figures: GnssFigures = {
    fixes: 0,
    datesCorrected: 0,
    deviationMetre: undefined,
    receiverAheadUs: undefined,
  };
  #cancelQuiet: (() => void) | undefined;

  constructor(
    host: DriverHost,
    serial: SerialSettings,
    about: { readonly isReceiverTime: boolean; readonly floorUs: number },
  ) {
    this.#host = host;
    this.#times = new ReceiverTimes(about.floorUs);
    this.#isReceiverTime = about.isReceiverTime;
    host.openSerial(serial, {
      bytes: (chunk, atUs) => this.#receive(chunk, atUs),
      reset: (atUs) => this.#reset(atUs),
    });
  }

  stop(): void {
    this.#cancelQuiet?.();
  }

  figures(): object {
    return { ...this.#figures, sentences: this.#sentences.known, unknown: this.#sentences.unknown };
  }

  #receive(chunk: Uint8Array, atUs: number): void {
    this.#take(this.#framer.push(chunk), atUs);
    this.#cancelQuiet?.();
    this.#cancelQuiet = this.#merger.isOpen
      ? this.#host.timers.after(quietMs, () => this.#flush())
      : undefined;
  }

  #reset(atUs: number): void {
    this.#cancelQuiet?.();
    this.#take(this.#framer.flush(), atUs);
    this.#flush();
    this.#times.reset();
  }

  #take(frames: readonly NmeaFrame[], atUs: number): void {
    for (const frame of frames) {
      if (frame.kind === 'discarded') {
        this.#host.discard(frame.reason, frame.sizeBytes);
        continue;
      }
      const part = nmeaToPart(frame.text);
      this.#sentences.count(part?.key.slice(2) ?? sentenceType(frame.text), part !== undefined);
      if (part === undefined) continue;
      for (const fix of this.#merger.push(part, atUs)) this.#emit(fix);
    }
  }

  #flush(): void {
    const fix = this.#merger.flush();
    if (fix) this.#emit(fix);
  }

  #emit(fix: Fix): void {
    const time = this.#timeOf(fix);
    this.#t[0] = time.us;
    const columns = quantities.map(({ quantity }, index) => {
      const value = fix[quantity];
      if (value === undefined) return undefined;
      const column = this.#columns[index]!;
      column[0] = value;
      return column;
    });
    this.#host.emit(this.#t, columns, time.doubt);
  }

  /**
   * When the fix was taken, µs UTC, by the configured clock, and why that is uncertain; notes how far the clocks are
   * apart.
   */
  #timeOf(fix: Fix): { readonly us: number; readonly doubt?: string } {
    const figures = this.#figures;
    figures.fixes += 1;
    figures.deviationMetre = fix.deviation;
    const told = this.#times.read(fix.time, fix.date);
    if (told === undefined) return { us: fix.atUs };
    if (told.addedWeeks > 0) figures.datesCorrected += 1;
    figures.receiverAheadUs = told.utcUs - fix.atUs;
    this.#host.tellTime?.(told.utcUs, fix.atUs);
    if (!this.#isReceiverTime) return { us: fix.atUs };
    return told.addedWeeks > 0 ? { us: told.utcUs, doubt: weekRollover } : { us: told.utcUs };
  }
}
