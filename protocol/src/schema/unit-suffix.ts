/** Units of the SenML registry (RFC 8428 section 12.1, RFC 8798) that people write otherwise, or without a space. */
export const unitSuffixes: ReadonlyMap<string, string> = new Map([
  ['Cel', ' °C'],
  ['m/s2', ' m/s²'],
  ['m2', ' m²'],
  ['m3', ' m³'],
  ['m3/s', ' m³/s'],
  ['l', ' L'],
  ['l/s', ' L/s'],
  ['deg', '°'],
  ['lat', '°'],
  ['lon', '°'],
  ['count', ''],
  ['/', ''],
  ['%RH', ' % RH'],
  ['%EL', ' %'],
  ['Ohm', ' Ω'],
  ['', ''],
]);

/**
 * What people write after a figure in the SenML unit `unit`, with its own space where one is due: ` °C` for `Cel`,
 * `°` for `deg`, nothing for `count`. A unit that has no other writing stands as it is.
 */
export function unitSuffix(unit: string): string {
  return unitSuffixes.get(unit) ?? ` ${unit}`;
}
