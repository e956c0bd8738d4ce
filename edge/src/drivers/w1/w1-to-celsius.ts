/** A temperature, or why what was read is none. */
export type W1Outcome =
  | { readonly kind: 'value'; readonly celsius: number }
  | { readonly kind: 'discarded'; readonly reason: W1Discard };

/**
 * `bad-crc`: the wire garbled the answer. `shorted`: nine zero bytes, which pass the CRC. `power-on`: the 85 °C
 * that the thermometer holds before its first conversion, so it has lost power. `out-of-range`: outside of what
 * the thermometer can measure.
 */
export type W1Discard = 'bad-crc' | 'shorted' | 'power-on' | 'out-of-range' | 'not-understood';

const powerOnCelsius = 85;
/** Byte 6 of the scratchpad at power-on; after a conversion it is 10h less the low nibble of the temperature. */
const powerOnReserved = 0x0c;
/** Where the scratchpad is not told, 85 °C is believed only so near to the reading before. */
const powerOnNearCelsius = 10;
/** DS18B20 data sheet: -55 to +125 °C. */
const range = { least: -55, most: 125 };
const scratchpad = /^((?:[0-9a-f]{2} ){9}): crc=[0-9a-f]{2} (YES|NO)$/;
const milliCelsius = /^-?\d{1,6}$/;

/**
 * Reads `w1_slave` (Documentation/w1/slaves/w1_therm): a line of the nine bytes of the scratchpad with the
 * kernel's verdict on their CRC, and a line that ends in `t=` and millidegrees Celsius.
 */
export function w1SlaveToCelsius(text: string): W1Outcome {
  const [first = '', second = ''] = text.split('\n');
  const match = scratchpad.exec(first.trim());
  if (match === null) return discarded('not-understood');
  if (match[2] === 'NO') return discarded('bad-crc');
  const bytes = (match[1] ?? '')
    .trim()
    .split(' ')
    .map((hex) => Number.parseInt(hex, 16));
  if (bytes.every((byte) => byte === 0)) return discarded('shorted');
  const value = fromMilliCelsius(second.slice(second.lastIndexOf('t=') + 2));
  const isPowerOn =
    value.kind === 'value' && value.celsius === powerOnCelsius && bytes[6] === powerOnReserved;
  return isPowerOn ? discarded('power-on') : value;
}

/**
 * Reads `temperature`: millidegrees Celsius alone. `previous`: the reading before, in degrees Celsius; where
 * there is none, or it is far away, 85 °C is the value at power-on.
 */
export function w1TemperatureToCelsius(text: string, previous: number | undefined): W1Outcome {
  const value = fromMilliCelsius(text);
  if (value.kind === 'discarded' || value.celsius !== powerOnCelsius) return value;
  const isNear = previous !== undefined && Math.abs(previous - value.celsius) <= powerOnNearCelsius;
  return isNear ? value : discarded('power-on');
}

function fromMilliCelsius(text: string): W1Outcome {
  if (!milliCelsius.test(text.trim())) return discarded('not-understood');
  const celsius = Number(text) / 1000;
  if (celsius < range.least || celsius > range.most) return discarded('out-of-range');
  return { kind: 'value', celsius };
}

function discarded(reason: W1Discard): W1Outcome {
  return { kind: 'discarded', reason };
}
