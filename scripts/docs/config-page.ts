import { optionalExport } from './optional-module.ts';
import { header, table, type Page } from './page.ts';

/** The parts of JSON Schema that configuration schemas use. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Where a schema is exported, and what stands above its table. */
interface ConfigPart {
  readonly source: string;
  readonly schemaName: string;
  readonly title: string;
  readonly introduction: string;
}

/** A page that lists every key of a configuration file, its default, and what extends it (`more`). */
export function configPage(
  part: ConfigPart & {
    readonly path: string;
    /** Values where the file says nothing, nested as in the file; those of the schema where it is left out. */
    readonly defaults?: object;
    readonly more?: () => Promise<string>;
  },
): Page {
  return {
    path: part.path,
    render: async () => {
      const schema = await optionalExport(part.source, part.schemaName);
      if (typeof schema !== 'object' || schema === null) return undefined;
      const intro = `${header(part.title, part.source)}\n${part.introduction}\n\n`;
      return intro + keyTable(schema, part.defaults ?? {}) + ((await part.more?.()) ?? '');
    },
  };
}

/** What each driver adds to the keys of a sensor. */
export async function driverSections(): Promise<string> {
  const drivers = await optionalExport('edge/src/drivers/registry.ts', 'drivers');
  if (!Array.isArray(drivers)) return '';
  const sections = (drivers as { name: string; settings: Schema }[]).map(
    ({ name, settings }) => `\n## driver \`${name}\`\n\n${keyTable(settings, {})}`,
  );
  return sections.join('');
}

/** Every key of a schema with its kind, default and meaning. */
export function keyTable(schema: Schema, defaults: object): string {
  return table(['key', 'kind', 'default', 'meaning'], keysOf(schema, '', defaults));
}

function inside(defaults: unknown, key: string): unknown {
  return typeof defaults === 'object' && defaults !== null ? Reflect.get(defaults, key) : undefined;
}

function keysOf(schema: Schema, prefix: string, defaults: unknown = {}): string[][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix ? `${prefix}.${key}` : key;
    const own = inside(defaults, key);
    return [
      [`\`${path}\``, kindOf(child), defaultOf(schema, key, own), child.description ?? ''],
      ...keysOf(child, path, own),
    ];
  });
  const named = Object.values(schema.patternProperties ?? {}).flatMap((child) =>
    keysOf(child, `${prefix}.NAME`),
  );
  const items = schema.items ? keysOf(schema.items, `${prefix}[]`) : [];
  const variants = (schema.anyOf ?? []).flatMap((variant) => keysOf(variant, prefix));
  return unique([...own, ...named, ...items, ...variants]);
}

/** Variants of one thing share keys; each is listed once. */
function unique(rows: string[][]): string[][] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = row.join('|');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function kindOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kindOf))].join(' or ');
  if (schema.items) return `list of ${kindOf(schema.items)}`;
  const bounds = boundsOf(schema);
  return `${schema.type ?? 'any'}${bounds}${schema.pattern ? ` \`${schema.pattern}\`` : ''}`;
}

function boundsOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const low = minimum ?? exclusiveMinimum;
  const from = low === undefined ? '' : `${exclusiveMinimum === undefined ? 'from' : 'above'} ${low}`;
  const to = maximum === undefined ? '' : `to ${maximum}`;
  return from || to ? `, ${[from, to].filter(Boolean).join(' ')}` : '';
}

function defaultOf(schema: Schema, key: string, own: unknown): string {
  const value = own ?? schema.properties?.[key]?.default;
  if (typeof value === 'string') return `\`${value}\``;
  if (typeof value === 'number' || typeof value === 'boolean') return `\`${value}\``;
  return value === undefined && (schema.required ?? []).includes(key) ? 'required' : '';
}
