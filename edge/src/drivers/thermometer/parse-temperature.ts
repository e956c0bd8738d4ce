/** Degrees Celsius, or undefined where the line holds no temperature. Not finite where the sensor says so. */
export function parseTemperature(line: string): number | undefined {
  const text = line.trim();
  return text.startsWith('{') ? fromJson(text) : fromText(text);
}

/** `23.4`, `-0.5 C`, `T=23.4C`, `temp: 74.1 °F`, `T=nan`; a decimal comma is none, since it separates fields too. */
const textPattern =
  /^(?:[a-z][a-z0-9_ ]{0,31}[=:]\s*)?([+-]?(?:\d{1,400}(?:\.\d{0,40})?|\.\d{1,40})(?:e[+-]?\d{1,4})?|[+-]?nan|[+-]?inf(?:inity)?)\s*(?:°|deg\s?)?([cfk])?$/i;

/** Keys under which sensors send a temperature, the most usual first. */
const jsonKeys = ['temperature', 'temp', 't', 'T', 'Temperature', 'temp_c', 'temperature_c', 'tempC'];

function fromText(text: string): number | undefined {
  const match = textPattern.exec(text);
  if (!match) return undefined;
  return toCelsius(toNumber(match[1] ?? ''), (match[2] ?? 'c').toLowerCase());
}

function fromJson(text: string): number | undefined {
  const object = parseObject(text);
  const key = jsonKeys.find((each) => Object.hasOwn(object, each));
  if (key === undefined) return undefined;
  const value: unknown = Reflect.get(object, key);
  const unit: unknown = Reflect.get(object, 'unit');
  const letter =
    typeof unit === 'string'
      ? unit
          .replace(/^(°|deg\s?)/i, '')
          .charAt(0)
          .toLowerCase()
      : 'c';
  if (typeof value === 'number') return toCelsius(value, letter);
  // A sensor that writes null has no value to give: that is a reading which is not a number.
  if (value === null) return Number.NaN;
  return typeof value === 'string' ? fromText(value) : undefined;
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function toNumber(text: string): number {
  const lower = text.toLowerCase();
  if (lower.includes('nan')) return Number.NaN;
  if (lower.includes('inf'))
    return lower.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

function toCelsius(value: number, unit: string): number {
  if (unit === 'f') return ((value - 32) * 5) / 9;
  if (unit === 'k') return value - 273.15;
  return value;
}
