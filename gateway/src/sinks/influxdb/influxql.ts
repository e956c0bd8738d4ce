/** An identifier of InfluxQL, quoted. */
export function identifier(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

/** A string of InfluxQL, quoted. */
export function literal(value: string): string {
  return `'${value.replaceAll(/['\\]/g, '\\$&').replaceAll('\n', '\\n')}'`;
}
