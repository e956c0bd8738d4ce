import { accepted, refused, type Result } from '@fieldline/protocol';
import type { Adapter, DialectContent, DialectMessage } from '../adapter.ts';
import { plainNumber } from '../plain-number.ts';
import { quoted, readText } from '../text.ts';

/** One number a message; its topic says of what: `esphome/kitchen/sensor/temperature/state` with `21.5`. */
export class ValueAdapter implements Adapter {
  read({ payload, receivedAtUs, names }: DialectMessage): Result<DialectContent> {
    const text = readText(payload);
    if (!text.ok) return text;
    const value = plainNumber(text.value);
    if (value === undefined)
      return refused('DIALECT_UNREADABLE', `${quoted(text.value)} where a number was expected.`);
    const quantity = names['quantity'] ?? 'value';
    return accepted({ readings: [{ names: {}, quantity, timeUs: receivedAtUs, value }] });
  }
}
