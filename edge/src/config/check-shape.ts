import { Type, type TObject, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { nearestKey } from '@fieldline/protocol';
import { drivers, findDriver } from '../drivers/registry.ts';
import { AgentFile, SensorKeys } from './agent-schema.ts';
import { formatPath, pathOfPointer, type ConfigPath, type ConfigProblem } from './config-problem.ts';

/** A value of the shape of a file, or everything that is wrong with it. */
export type ShapeOutcome =
  | { readonly ok: true; readonly file: AgentFile }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Checks what was read against the schema, and each sensor against that of its driver too. */
export function checkShape(value: unknown): ShapeOutcome {
  const unknown = unknownKeys(AgentFile, value, []);
  const problems = [...unknown, ...sensorProblems(value)];
  if (Value.Check(AgentFile, value))
    return problems.length > 0 ? { ok: false, problems } : { ok: true, file: value };
  return { ok: false, problems: [...problems, ...schemaProblems(AgentFile, value, [], unknown)] };
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
    const unknown = unknownKeys(schema, sensor, path);
    return [...unknown, ...schemaProblems(schema, sensor, path, unknown)];
  });
}

function unknownDriver(name: string, path: ConfigPath): ConfigProblem {
  const known = drivers.map((driver) => driver.name);
  const nearest = nearestKey(name, known);
  const meant = nearest ? ` Did you mean "${nearest}"?` : '';
  return {
    code: 'SOURCE_DRIVER_UNKNOWN',
    path,
    reason: `"${name}" is none of: ${known.join(', ')}.${meant}`,
  };
}

/** What the schema says, without what `unknown` has told already and told better. */
function schemaProblems(
  schema: TSchema,
  value: unknown,
  path: ConfigPath,
  unknown: readonly ConfigProblem[],
): ConfigProblem[] {
  const told = new Set(unknown.map((each) => formatPath(each.path)));
  // A key that is missing beside a misspelt one is most likely that one.
  const misspelt = new Set(unknown.map((each) => formatPath(each.path.slice(0, -1))));
  return Value.Errors(schema, value)
    .filter(({ keyword }) => keyword !== 'additionalProperties')
    .map(({ keyword, instancePath, message }) => ({
      keyword,
      path: [...path, ...pathOfPointer(instancePath)],
      reason: reasonOf(message, value),
    }))
    .filter((each) => !told.has(formatPath(each.path)))
    .filter((each) => each.keyword !== 'required' || !misspelt.has(formatPath(each.path)))
    .map((each) => ({ code: 'CONFIG_INVALID_VALUE', path: each.path, reason: each.reason }));
}

function reasonOf(message: string, value: unknown): string {
  return value === null || value === undefined ? 'It is empty.' : `It ${message}.`;
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
