import { FieldlineError, nearestKey } from '@fieldline/protocol';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { GatewayFile, type GatewayOptions } from './gateway-schema.ts';

/**
 * Holds what was read against the schema. `source` names where it comes from (a file, `options`). Throws
 * CONFIG_UNKNOWN_KEY with the nearest known key, or CONFIG_INVALID_VALUE.
 */
export function checkOptions(value: unknown, source: string): GatewayOptions {
  refuseUnknownKeys(GatewayFile, value, { source, path: '' });
  if (isOptions(value)) return value;
  const [error] = Value.Errors(GatewayFile, value);
  const path = (error?.instancePath ?? '').slice(1).replaceAll('/', '.');
  throw new FieldlineError('CONFIG_INVALID_VALUE', {
    subject: [source, path].filter(Boolean).join(' '),
    detail: `${error?.message ?? 'It is not a mapping'}.`,
  });
}

function isOptions(value: unknown): value is GatewayOptions {
  return Value.Check(GatewayFile, value);
}

function refuseUnknownKeys(schema: TSchema, value: unknown, at: { source: string; path: string }): void {
  const properties: unknown = Reflect.get(schema, 'properties');
  if (!isRecord(value)) return;
  if (!isRecord(properties)) return refuseUnknownKeysOfEach(schema, value, at);
  for (const [key, each] of Object.entries(value)) {
    const path = at.path ? `${at.path}.${key}` : key;
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known === undefined) throw unknownKey(key, Object.keys(properties), `${at.source} ${path}`);
    if (isRecord(known)) refuseUnknownKeys(known, each, { source: at.source, path });
  }
}

/** In a mapping from names that people choose, the keys of each member are known. */
function refuseUnknownKeysOfEach(
  schema: TSchema,
  value: Record<string, unknown>,
  at: { source: string; path: string },
): void {
  const patterns: unknown = Reflect.get(schema, 'patternProperties');
  const [member] = isRecord(patterns) ? Object.values(patterns) : [];
  if (!isRecord(member)) return;
  for (const [name, each] of Object.entries(value)) {
    refuseUnknownKeys(member, each, { source: at.source, path: `${at.path}.${name}` });
  }
}

function unknownKey(key: string, known: readonly string[], subject: string): FieldlineError {
  const nearest = nearestKey(key, known);
  const detail = nearest
    ? `"${key}" is unknown; did you mean "${nearest}"?`
    : `"${key}" is none of: ${known.join(', ')}.`;
  return new FieldlineError('CONFIG_UNKNOWN_KEY', { subject, detail });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
