import { FieldlineError } from '@fieldline/protocol';
import { checkOptions } from './check-options.ts';
import type { GatewayOptions } from './gateway-schema.ts';

/** Environment variables that set options of the gateway, and the option that each sets. */
export const environmentOptions = {
  FIELDLINE_HOME: ['home'],
  FIELDLINE_HTTP_HOST: ['http', 'host'],
  FIELDLINE_HTTP_PORT: ['http', 'port'],
  FIELDLINE_MQTT_HOST: ['mqtt', 'host'],
  FIELDLINE_MQTT_PORT: ['mqtt', 'port'],
  FIELDLINE_STORES: ['stores'],
  FIELDLINE_INFLUX_URL: ['influxdb', 'url'],
  FIELDLINE_INFLUX_DATABASE: ['influxdb', 'database'],
  FIELDLINE_INFLUX_USERNAME: ['influxdb', 'username'],
  FIELDLINE_INFLUX_PASSWORD: ['influxdb', 'password'],
  FIELDLINE_INFLUX_TOKEN: ['influxdb', 'token'],
  FIELDLINE_INFLUX_ORGANIZATION: ['influxdb', 'organization'],
  FIELDLINE_LOG_LEVEL: ['logLevel'],
} as const;

/**
 * Lays the environment (`FIELDLINE_…`) over options. Empty variables count as unset; `FIELDLINE_STORES` is a
 * list with commas. Throws CONFIG_INVALID_VALUE naming the variable.
 */
export function overlayEnvironment(options: GatewayOptions, environment: NodeJS.ProcessEnv): GatewayOptions {
  let result: GatewayOptions = options;
  for (const [variable, path] of Object.entries(environmentOptions)) {
    const text = environment[variable];
    if (text) result = overlayOne(result, variable, path, text);
  }
  return result;
}

function overlayOne(
  options: GatewayOptions,
  variable: string,
  [section, key]: readonly string[],
  text: string,
): GatewayOptions {
  // User and password of a database that nothing names are another program's business.
  const isDetail = section === 'influxdb' && key !== 'url';
  if (isDetail && options.influxdb === undefined) return options;
  const value = valueOf(variable, text);
  const before: unknown = section === undefined ? undefined : Reflect.get(options, section);
  const inner = key === undefined ? value : { ...(typeof before === 'object' ? before : {}), [key]: value };
  return checkOptions({ ...options, [String(section)]: inner }, variable);
}

function valueOf(variable: string, text: string): unknown {
  if (variable === 'FIELDLINE_STORES') return text.split(',').map((name) => name.trim());
  if (!variable.endsWith('_PORT')) return text;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new FieldlineError('CONFIG_INVALID_VALUE', { subject: variable, detail: `"${text}" is not a port.` });
}
