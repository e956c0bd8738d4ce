/** Characters of a name. */
const nameCharsMax = 63;

/**
 * A name of a device, sensor or quantity made of what a message calls it: small letters, digits and `-` (for
 * sensors and quantities `_` as well); whatever else stands there becomes one `-`. Undefined where nothing is left,
 * or too much.
 */
export function safeName(text: string, kind: 'device' | 'other'): string | undefined {
  const other = kind === 'device' ? /[^a-z0-9]+/g : /[^a-z0-9_]+/g;
  const name = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(other, '-')
    .replace(/^[-_]+/, '')
    .replace(/-+$/, '');
  return name.length > 0 && name.length <= nameCharsMax ? name : undefined;
}

/**
 * Puts names into the places `{name}` of a template; undefined where one is missing. A name may hold a point:
 * `{tag.host}`.
 */
export function fillTemplate(template: string, names: Readonly<Record<string, string>>): string | undefined {
  const parts = template.split(/\{([a-zA-Z][\w.-]*)\}/);
  // What stands in braces are the parts at odd places.
  const filled = parts.map((part, index) => {
    if (index % 2 === 0) return part;
    return Object.hasOwn(names, part) ? names[part] : undefined;
  });
  return filled.includes(undefined) ? undefined : filled.join('');
}
