import type { DialectOptions } from '../../config/dialect-schema.ts';
import type { Adapter } from './adapter.ts';
import { JsonAdapter, type JsonValueMap } from './json/json-adapter.ts';
import { KeyValueAdapter } from './key-value/key-value-adapter.ts';
import { LineProtocolAdapter } from './line-protocol/line-protocol-adapter.ts';
import { SparkplugAdapter } from './sparkplug/sparkplug-adapter.ts';
import { ValueAdapter } from './value/value-adapter.ts';

/** Every dialect by the name of its format; to add one, its folder and one line here and in `DialectFile`. */
export const adapterRegistry: Readonly<
  Record<DialectOptions['format'], (options: DialectOptions) => Adapter>
> = {
  value: () => new ValueAdapter(),
  'key-value': () => new KeyValueAdapter(),
  json: ({ values, time }) =>
    new JsonAdapter({ ...(values && { values: values.map(toValueMap) }), ...(time && { time }) }),
  'line-protocol': ({ precision = 'ns' }) => new LineProtocolAdapter({ precision }),
  sparkplug: () => new SparkplugAdapter(),
};

function toValueMap({ words, ...rest }: NonNullable<DialectOptions['values']>[number]): JsonValueMap {
  return words ? { ...rest, words } : rest;
}
