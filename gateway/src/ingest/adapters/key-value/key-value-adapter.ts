import { accepted, refused, type Result } from '@fieldline/protocol';
import type { Adapter, DialectContent, DialectMessage, DialectReading } from '../adapter.ts';
import { plainNumber } from '../plain-number.ts';
import { quoted, readText } from '../text.ts';

/** Pairs in one message. */
const pairsMax = 256;

/** Pairs `quantity=value`, between them white space, commas, semicolons or `&`: `temperature=21.5 humidity=40`. */
export class KeyValueAdapter implements Adapter {
  read({ payload, receivedAtUs }: DialectMessage): Result<DialectContent> {
    const text = readText(payload);
    if (!text.ok) return text;
    const pairs = text.value.split(/[\s,;&]+/).filter((pair) => pair !== '');
    if (pairs.length === 0 || pairs.length > pairsMax)
      return refused('DIALECT_UNREADABLE', `${pairs.length} pairs; 1 to ${pairsMax} are read.`);
    const readings: DialectReading[] = [];
    for (const pair of pairs) {
      const at = pair.indexOf('=');
      if (at < 1) return refused('DIALECT_UNREADABLE', `${quoted(pair)} where name=value was expected.`);
      const value = plainNumber(pair.slice(at + 1));
      readings.push({ names: {}, quantity: pair.slice(0, at), timeUs: receivedAtUs, value });
    }
    return accepted({ readings });
  }
}
