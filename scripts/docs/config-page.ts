import { optionalExport } from './optional-module.ts';
import { header, table, type Page } from './page.ts';

/** The parts of JSON Schema that configuration schemas use. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** A page that lists every key of a configuration schema. */
export function configPage(about: {
  readonly path: string;
  readonly title: string;
  readonly source: string;
  readonly schemaName: string;
  readonly introduction: string;
}): Page {
  return {
    path: about.path,
    render: async () => {
      const schema = await optionalExport(about.source, about.schemaName);
      if (typeof schema !== 'object' || schema === null) return undefined;
      const rows = keysOf(schema, '');
      return `${header(about.title, about.source)}
${about.introduction}

${table(['key', 'kind', 'default', 'meaning'], rows)}`;
    },
  };
}

function keysOf(schema: Schema, prefix: string): string[][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix ? `${prefix}.${key}` : key;
    const needed = (schema.required ?? []).includes(key) && child.default === undefined ? 'required' : '';
    const standard = child.default === undefined ? needed : `\`${JSON.stringify(child.default)}\``;
    return [[`\`${path}\``, kindOf(child), standard, child.description ?? ''], ...keysOf(child, path)];
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
  const range = [schema.minimum, schema.maximum].map((bound) => (bound === undefined ? '' : String(bound)));
  const bounds = range.some(Boolean) ? `, ${range.join(' to ')}` : '';
  return `${schema.type ?? 'any'}${bounds}${schema.pattern ? ` \`${schema.pattern}\`` : ''}`;
}
