import { accepted, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { serialSettings, toSerialSettings, type SerialSettings } from '../../bindings/serial-settings.ts';
import { LineFramer, type LineFrame } from '../../framing/line-framer.ts';
import { defineDriver, type BoundDriver, type DriverHost } from '../driver.ts';
import { parseTemperature } from './parse-temperature.ts';

/** Longest line of a thermometer, in bytes: all else on the line is noise. */
const lineMaxBytes = 512;

/**
 * Thermometers that print a line a reading: `23.4`, `T=23.4C`, `{"temperature": 23.4}`. One quantity,
 * `temperature` in Cel, raw readings. The time of a reading is that at which its line's end arrived.
 */
export const thermometer = defineDriver({
  name: 'thermometer',
  settings: Type.Object(serialSettings, { additionalProperties: false }),
  bind(settings): Result<BoundDriver> {
    const serial = toSerialSettings(settings, { baudRate: 9600 });
    if (!serial.ok) return serial;
    const quantities = [{ quantity: 'temperature', unit: 'Cel' }];
    const plan = { quantities, window: 'none', sketch: false, lateness: '250ms' };
    return accepted({ plan, start: (host) => start(host, serial.value) });
  },
});

function start(host: DriverHost, serial: SerialSettings): { stop(): void } {
  let framer = new LineFramer(lineMaxBytes);
  const t = new Float64Array(1);
  const temperature = new Float64Array(1);
  function take(frame: LineFrame, atUs: number): void {
    if (frame.kind === 'discarded') {
      host.discard(frame.reason, frame.sizeBytes);
      return;
    }
    const value = parseTemperature(frame.text);
    if (value === undefined) {
      host.discard('no-temperature', frame.text.length);
      return;
    }
    t[0] = atUs;
    temperature[0] = value;
    host.emit(t, [temperature]);
  }
  host.openSerial(serial, {
    bytes: (chunk, atUs, midway) => framer.push(chunk, midway).forEach((frame) => take(frame, atUs)),
    reset: () => {
      // A line cut off by the end of the port may be half a number: it is not a reading.
      for (const frame of framer.flush()) {
        host.discard('cut-off', frame.kind === 'line' ? frame.text.length : frame.sizeBytes);
      }
      framer = new LineFramer(lineMaxBytes);
    },
  });
  return { stop: () => undefined };
}
