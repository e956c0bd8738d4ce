import { quantityNames } from '../texts/en.ts';

/** A name of the wire as people read it: `wind_speed` becomes `wind speed`. */
export function showName(name: string): string {
  return name.replaceAll(/[_-]+/g, ' ');
}

/** A quantity at the head of a line: `Temperature`, `HDOP`, `Channel 0`. */
export function showQuantity(quantity: string): string {
  if (Object.hasOwn(quantityNames, quantity)) return quantityNames[quantity] ?? quantity;
  const text = showName(quantity).replace(/^ch(\d+)$/, (_, channel: string) => `channel ${channel}`);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
