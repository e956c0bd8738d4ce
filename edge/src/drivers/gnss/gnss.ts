import { accepted, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { serialSettings, toSerialSettings, type SerialSettings } from '../../bindings/serial-settings.ts';
import { NmeaFramer, type NmeaFrame } from '../../framing/nmea-framer.ts';
import { defineDriver, type BoundDriver, type DriverHost } from '../driver.ts';
import { EpochMerger, type Fix } from './epoch-merger.ts';
import { nmeaToPart } from './nmea-to-part.ts';

/** The quantities of a fix, in the order of the columns. */
const quantities = [
  { quantity: 'lat', unit: 'lat' },
  { quantity: 'lon', unit: 'lon' },
  { quantity: 'altitude', unit: 'm' },
  { quantity: 'speed', unit: 'm/s' },
  { quantity: 'course', unit: 'deg' },
  { quantity: 'satellites', unit: 'count' },
  { quantity: 'hdop', unit: '1' },
] as const;

/** An epoch that is not continued for so long has ended. Receivers pause longer between two epochs. */
const quietMs = 300;

/**
 * GNSS receivers that speak NMEA 0183. One row a fix: position, altitude above mean sea level, speed, course,
 * satellites used, HDOP; quantities that the epoch did not give are absent. Without a valid fix there is no
 * row. The time of a row is the device's clock when the epoch's first sentence arrived.
 */
export const gnss = defineDriver({
  name: 'gnss',
  settings: Type.Object(serialSettings, { additionalProperties: false }),
  bind(settings): Result<BoundDriver> {
    // NMEA 0183 section 2: 4800 baud; nearly all receivers since 2005 start with 9600.
    const serial = toSerialSettings(settings, { baudRate: 9600 });
    if (!serial.ok) return serial;
    return accepted({
      // A fix is given at the end of its epoch and bears the time of its beginning.
      plan: { quantities, window: 'none', sketch: false, lateness: '2s' },
      start: (host) => new GnssReader(host, serial.value),
    });
  },
});

class GnssReader {
  readonly #host: DriverHost;
  readonly #framer = new NmeaFramer();
  readonly #merger = new EpochMerger();
  readonly #t = new Float64Array(1);
  readonly #columns = quantities.map(() => new Float64Array(1));
  #cancelQuiet: (() => void) | undefined;

  constructor(host: DriverHost, serial: SerialSettings) {
    this.#host = host;
    host.openSerial(serial, {
      bytes: (chunk, atUs) => this.#receive(chunk, atUs),
      reset: (atUs) => this.#reset(atUs),
    });
  }

  stop(): void {
    this.#cancelQuiet?.();
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
  }

  #take(frames: readonly NmeaFrame[], atUs: number): void {
    for (const frame of frames) {
      if (frame.kind === 'discarded') {
        this.#host.discard(frame.reason, frame.sizeBytes);
        continue;
      }
      const part = nmeaToPart(frame.text);
      if (part === undefined) continue;
      for (const fix of this.#merger.push(part, atUs)) this.#emit(fix);
    }
  }

  #flush(): void {
    const fix = this.#merger.flush();
    if (fix) this.#emit(fix);
  }

  #emit(fix: Fix): void {
    this.#t[0] = fix.atUs;
    const columns = quantities.map(({ quantity }, index) => {
      const value = fix[quantity];
      if (value === undefined) return undefined;
      const column = this.#columns[index]!;
      column[0] = value;
      return column;
    });
    this.#host.emit(this.#t, columns);
  }
}
