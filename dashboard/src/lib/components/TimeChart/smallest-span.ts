/** The smallest stretch of a value axis by unit: finer than the instrument, noise would fill the picture. */
const spans: Readonly<Record<string, number>> = {
  Cel: 0.5,
  V: 0.01,
  m: 2,
  'm/s': 0.5,
  deg: 10,
  count: 4,
  lat: 0.0001,
  lon: 0.0001,
};

/** The least that a value axis spans, in the unit of its stream; where it is not known, a thousandth of the value. */
export function smallestSpan(unit: string, value: number): number {
  return spans[unit] ?? Math.max(Math.abs(value) * 1e-3, 1e-6);
}
