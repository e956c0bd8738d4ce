import { senmlUnits } from '@fieldline/protocol';

/** A number of a sensor, with the words around it; both may be empty. */
export interface UnnamedField {
  readonly label: string;
  /** What stands behind the number: `C`, `%`, `hPa`. */
  readonly suffix: string;
  readonly value: number;
}

/** A field as the driver `line` takes it. */
export interface SuggestedField {
  readonly quantity: string;
  readonly unit: string;
  readonly scale?: number;
  readonly offset?: number;
}

type Suggestion = Omit<SuggestedField, 'quantity'>;

/** What usual labels mean. A pressure of 300 to 1,200 is in hPa. */
const meanings: readonly (readonly [labels: RegExp, quantity: string, unit: string])[] = [
  [/^(t|temp|temperature|temp_?c|temperature_?c)$/, 'temperature', 'Cel'],
  [/^(h|hum|rh|humidity)$/, 'humidity', '%RH'],
  [/^(p|press|pressure|baro)$/, 'pressure', 'Pa'],
  [/^(v|u|volt|volts|voltage|vbat|battery)$/, 'voltage', 'V'],
  [/^(i|amp|amps|current)$/, 'current', 'A'],
  [/^(co2|eco2)$/, 'co2', 'ppm'],
  [/^(lux|light|illuminance)$/, 'light', 'lx'],
  [/^(power|watts?)$/, 'power', 'W'],
  [/^(wind|wind_?speed|speed)$/, 'speed', 'm/s'],
  [/^(dist|distance|range)$/, 'distance', 'm'],
  [/^(freq|frequency)$/, 'frequency', 'Hz'],
];

/** Units as sensors print them, where they are not those of the SenML registry. */
const units: Readonly<Record<string, Suggestion>> = {
  c: { unit: 'Cel' },
  '°c': { unit: 'Cel' },
  degc: { unit: 'Cel' },
  f: { unit: 'Cel', scale: 5 / 9, offset: -160 / 9 },
  '°f': { unit: 'Cel', scale: 5 / 9, offset: -160 / 9 },
  '%': { unit: '%' },
  '%rh': { unit: '%RH' },
  mbar: { unit: 'hPa' },
  hpa: { unit: 'hPa' },
  kpa: { unit: 'Pa', scale: 1000 },
  lux: { unit: 'lx' },
  rpm: { unit: '1/min' },
};

/** A unit that is not known: a bare number. */
const bare: Suggestion = { unit: '/' };

/** Names and units for numbers, each name once: `value1`, `value2` … where no label stands. */
export function suggestFields(fields: readonly UnnamedField[]): SuggestedField[] {
  const used = new Set<string>();
  return fields.map((field, at) => {
    const label = field.label.toLowerCase();
    const meaning = meanings.find(([labels]) => labels.test(label));
    const name = meaning?.[1] ?? (toName(label) || `value${fields.length > 1 ? at + 1 : ''}`);
    const quantity = unused(name, used);
    used.add(quantity);
    return { quantity, ...suggestUnit(field, meaning?.[2]) };
  });
}

/** Whether a word is a unit, of the SenML registry or as sensors print them. */
export function isKnownUnit(word: string): boolean {
  return senmlUnits.has(word) || Object.hasOwn(units, word.toLowerCase());
}

function suggestUnit({ suffix, value }: UnnamedField, usual: string | undefined): Suggestion {
  if (!isKnownUnit(suffix)) return usualUnit(value, usual);
  const printed = units[suffix.toLowerCase()] ?? { unit: suffix };
  return printed.unit === '%' && usual === '%RH' ? { unit: '%RH' } : printed;
}

function usualUnit(value: number, usual: string | undefined): Suggestion {
  if (usual === 'Pa' && value >= 300 && value <= 1200) return { unit: 'hPa' };
  return usual === undefined ? bare : { unit: usual };
}

function toName(label: string): string {
  return label
    .replaceAll(/[^a-z0-9_-]+/g, '_')
    .replace(/^[_-]+/, '')
    .slice(0, 63);
}

function unused(name: string, used: ReadonlySet<string>): string {
  for (let number = 2, each = name; ; number++) {
    if (!used.has(each)) return each;
    each = `${name}${number}`;
  }
}
