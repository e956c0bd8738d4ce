import { isConfig, type Config } from './difference.ts';
import type { Method } from './suggest.ts';

/** Stages that leave readings out: a stream has one of them, or none. */
const thinning = ['deadband', 'swinging-door', 'dedupe'];

/** One stream in a configuration: the place of its sensor in the list, and its quantity. */
export interface StreamPlace {
  readonly index: number;
  readonly quantity: string;
}

/**
 * The keys of a stream that a proposal sets, with their values; the place of each by keys and indexes. A deviation
 * takes the place of windows and of other stages that leave readings out.
 */
export function methodKeys(
  config: Config,
  { index, quantity }: StreamPlace,
  { method, setting }: { method: Method; setting: string | number },
): { readonly path: (string | number)[]; readonly value: unknown }[] {
  const at = ['sensors', index, 'streams', quantity];
  const kept = transformsOf(config, { index, quantity }).filter(
    (stage) => !(isConfig(stage) && thinning.some((name) => name in stage)),
  );
  if (method === 'window') {
    const value = kept.length > 0 ? kept : undefined;
    return [
      { path: [...at, 'window'], value: setting },
      { path: [...at, 'transforms'], value },
    ];
  }
  const stage =
    method === 'deadband' ? { deadband: { absolute: setting } } : { 'swinging-door': { deviation: setting } };
  return [
    { path: [...at, 'window'], value: 'none' },
    { path: [...at, 'transforms'], value: [...kept, stage] },
  ];
}

/** The configuration with these keys in it. */
export function withKeys(
  config: Config,
  keys: readonly { readonly path: readonly (string | number)[]; readonly value: unknown }[],
): Config {
  const made = structuredClone(config);
  for (const { path, value } of keys) {
    let inner: object = made;
    for (const [depth, part] of path.entries()) {
      if (depth === path.length - 1) {
        if (value === undefined) Reflect.deleteProperty(inner, part);
        else Reflect.set(inner, part, value);
        break;
      }
      const next: unknown = Reflect.get(inner, part);
      const member: object = typeof next === 'object' && next !== null ? next : {};
      if (member !== next) Reflect.set(inner, part, member);
      inner = member;
    }
  }
  return made;
}

function transformsOf(config: Config, { index, quantity }: StreamPlace): readonly unknown[] {
  const sensors: unknown = config['sensors'];
  const sensor: unknown = Array.isArray(sensors) ? sensors[index] : undefined;
  const streams = isConfig(sensor) ? sensor['streams'] : undefined;
  const stream = isConfig(streams) ? streams[quantity] : undefined;
  const transforms = isConfig(stream) ? stream['transforms'] : undefined;
  return Array.isArray(transforms) ? transforms : [];
}
