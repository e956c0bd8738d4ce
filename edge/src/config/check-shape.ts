import { Type, type TObject, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { nearestKey } from '@fieldline/protocol';
import { drivers, findDriver } from '../drivers/registry.ts';
import { AgentFile, SensorKeys } from './agent-schema.ts';
import { pathOfPointer, type ConfigPath, type ConfigProblem } from './config-problem.ts';

/** A value of the shape of a file, or everything that is wrong with it. */
export type ShapeOutcome =
  | { readonly ok: true; readonly file: AgentFile }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Checks what was read against the schema, and each sensor against that of its driver too. */
export function checkShape(value: unknown): ShapeOutcome {
  const problems = [...unknownKeys(AgentFile, value, []), ...sensorProblems(value)];
  if (Value.Check(AgentFile, value))
    return problems.length > 0 ? { ok: false, problems } : { ok: true, file: value };
  return { ok: false, problems: [...problems, ...schemaProblems(AgentFile, value, [])] };
}

/** The schema of a sensor: the common keys and those of its driver. */
export function sensorSchema(driver: { settings: TObject }): TObject {
  return Type.Object(
    { ...SensorKeys.properties, ...driver.settings.properties },
    { additionalProperties: false },
  );
}

function sensorProblems(value: unknown): ConfigProblem[] {
  const sensors = property(value, 'sensors');
  if (!Array.isArray(sensors)) return [];
  return sensors.flatMap((sensor: unknown, index) => {
    const path = ['sensors', index];
    const name = property(sensor, 'driver');
    if (typeof name !== 'string') return [];
    const driver = findDriver(name);
    if (driver === undefined) return [unknownDriver(name, [...path, 'driver'])];
    const schema = sensorSchema(driver);
    return [...unknownKeys(schema, sensor, path), ...schemaProblems(schema, sensor, path)];
  });
}

function unknownDriver(name: string, path: ConfigPath): ConfigProblem {
  const known = drivers.map((driver) => driver.name).join(', ');
  return { code: 'SOURCE_DRIVER_UNKNOWN', path, reason: `"${name}" is none of: ${known}.` };
}

function schemaProblems(schema: TSchema, value: unknown, path: ConfigPath): ConfigProblem[] {
  return Value.Errors(schema, value)
    .filter(({ keyword }) => keyword !== 'additionalProperties')
    .map(({ instancePath, message }) => ({
      code: 'CONFIG_INVALID_VALUE',
      path: [...path, ...pathOfPointer(instancePath)],
      reason: `${message}.`,
    }));
}

/** Keys that a closed object does not have, at any depth, each with the nearest that it does have. */
function unknownKeys(schema: TSchema, value: unknown, path: ConfigPath): ConfigProblem[] {
  const items: unknown = Reflect.get(schema, 'items');
  if (Array.isArray(value)) {
    return value.flatMap((each: unknown, index) =>
      isSchema(items) ? unknownKeys(items, each, [...path, index]) : [],
    );
  }
  const properties: unknown = Reflect.get(schema, 'properties');
  const patterns: unknown = Reflect.get(schema, 'patternProperties');
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    const known = property(properties, key) ?? firstValue(patterns);
    if (isSchema(known)) return unknownKeys(known, each, [...path, key]);
    if (Reflect.get(schema, 'additionalProperties') !== false || !isSchema(properties)) return [];
    return [unknownKey(key, Object.keys(properties), [...path, key])];
  });
}

function unknownKey(key: string, known: readonly string[], path: ConfigPath): ConfigProblem {
  const nearest = nearestKey(key, known);
  const reason = nearest
    ? `"${key}" is unknown; did you mean "${nearest}"?`
    : `"${key}" is none of: ${known.join(', ')}.`;
  return { code: 'CONFIG_UNKNOWN_KEY', path, reason };
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}

function firstValue(object: unknown): unknown {
  return typeof object === 'object' && object !== null ? Object.entries(object)[0]?.[1] : undefined;
}

function isSchema(value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null;
}
