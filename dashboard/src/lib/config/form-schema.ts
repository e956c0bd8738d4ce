import { isConfig, type Config } from './difference.ts';

/** The parts of JSON Schema that the form of a configuration is made from. */
export interface FormSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, FormSchema>>;
  readonly patternProperties?: Readonly<Record<string, FormSchema>>;
  readonly required?: readonly string[];
  readonly items?: FormSchema;
  readonly anyOf?: readonly FormSchema[];
}

/** The schema of a device's file, and what each driver adds to a sensor: generated from the agent's own. */
export interface AgentSchema {
  readonly file: FormSchema;
  readonly drivers: Readonly<Record<string, FormSchema>>;
}

/** How a key is edited. `text`: what no form can hold well, and the YAML beside it can. */
export type FieldKind = 'string' | 'number' | 'boolean' | 'choice' | 'group' | 'names' | 'text';

/** The kind of field for a schema. */
export function fieldKind(schema: FormSchema): FieldKind {
  if (choicesOf(schema).length > 0) return 'choice';
  if (schema.type === 'string' || schema.type === 'boolean') return schema.type;
  if (schema.type === 'number' || schema.type === 'integer') return 'number';
  if (schema.properties) return 'group';
  if (schema.patternProperties) return 'names';
  return 'text';
}

/** The values of a union of constants; empty for anything else. */
export function choicesOf({ anyOf = [] }: FormSchema): readonly string[] {
  const values = anyOf.flatMap((each) => (typeof each.const === 'string' ? [each.const] : []));
  return values.length === anyOf.length ? values : [];
}

/** The schema of one sensor: the common keys and those of its driver. */
export function sensorSchema({ file, drivers }: AgentSchema, sensor: unknown): FormSchema {
  const common = file.properties?.['sensors']?.items ?? {};
  const driver = isConfig(sensor) && typeof sensor['driver'] === 'string' ? sensor['driver'] : '';
  const own = Object.hasOwn(drivers, driver) ? drivers[driver] : undefined;
  return { ...common, properties: { ...common.properties, ...own?.properties } };
}

/** The sensors of a configuration, those that are mappings, with their place in the list. */
export function sensorsOf(config: Config): { readonly index: number; readonly sensor: Config }[] {
  const { sensors } = config;
  if (!Array.isArray(sensors)) return [];
  return (sensors as unknown[]).flatMap((sensor, index) => (isConfig(sensor) ? [{ index, sensor }] : []));
}
