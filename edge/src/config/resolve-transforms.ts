import { isDeepStrictEqual } from 'node:util';
import { nearestKey, senmlUnits } from '@fieldline/protocol';
import { findTransform } from '../transforms/registry.ts';
import type { BoundTransform } from '../transforms/transform.ts';
import type { TransformKeys } from '../transforms/transform-keys.ts';
import { findUnit } from '../transforms/units/unit-table.ts';
import type { ConfigPath, ConfigProblem } from './config-problem.ts';

/** The transforms of one stream, ready to be made, and the unit of what they let through. */
export interface ResolvedTransforms {
  readonly transforms: readonly BoundTransform[];
  readonly unit: string;
  readonly problems: readonly ConfigProblem[];
}

/** Checks the transforms of a stream in their order; `units`: as configured, and as the driver says. */
export function resolveTransforms(
  keys: TransformKeys,
  units: { readonly own: string | undefined; readonly driver: string },
  path: ConfigPath,
): ResolvedTransforms {
  const unit = units.own ?? units.driver;
  const isCarried = (each: string): boolean => senmlUnits.has(each) || each === units.driver;
  const problems: ConfigProblem[] = isCarried(unit) ? [] : unitProblems(unit, keys.length > 0, path);
  const transforms: BoundTransform[] = [];
  let current = unit;
  keys.forEach((stage, index) => {
    const [name, settings] = Object.entries(stage)[0] ?? [];
    const stagePath = [...path, 'transforms', index, name ?? ''];
    const bound = findTransform(name ?? '')?.bind(settings, current);
    if (bound?.ok) {
      transforms.push(bound.value.transform);
      current = bound.value.unit;
      if (!isCarried(current)) problems.push(...unitProblems(current, true, stagePath));
    } else if (bound) problems.push(invalid(stagePath, `${bound.refusal.detail}.`));
  });
  problems.push(...orderProblems(transforms, path));
  if (problems.length === 0 && keys.length > 0 && !isCarried(current))
    problems.push(invalid([...path, 'transforms'], `they end in "${current}": convert it by \`units\`.`));
  return { transforms, unit: current, problems };
}

/** Whatever `units` can convert may come in where there are transforms; else the registry's units only. */
function unitProblems(unit: string, hasTransforms: boolean, path: ConfigPath): ConfigProblem[] {
  if (senmlUnits.has(unit) || (hasTransforms && findUnit(unit) !== undefined)) return [];
  const nearest = nearestKey(unit, [...senmlUnits]);
  const hint = nearest ? `; did you mean "${nearest}"?` : '.';
  return [invalid([...path, 'unit'], `"${unit}" is not a unit of the SenML registry${hint}`)];
}

function orderProblems(transforms: readonly BoundTransform[], path: ConfigPath): ConfigProblem[] {
  const names = transforms.map(({ name }) => name);
  const problems: ConfigProblem[] = [];
  names.forEach((name, index) => {
    const stagePath = [...path, 'transforms', index, name];
    if (name === 'privacy' && index > 0)
      problems.push(invalid(stagePath, 'privacy stands first, so that nothing is kept of what it hides.'));
    if (name === 'join' && names.slice(index).some((other) => other !== 'join'))
      problems.push(invalid(stagePath, 'join stands last, so that only what is left is attached to.'));
  });
  return problems;
}

/** A sensor whose position is hidden must hide both coordinates, in the same places. */
export function privacyProblems(
  streams: Readonly<Record<string, { readonly transforms?: TransformKeys }>>,
  quantities: readonly string[],
  path: ConfigPath,
): ConfigProblem[] {
  const rulesOf = (quantity: string): unknown => {
    const stages = streams[quantity]?.transforms ?? [];
    return stages.flatMap((stage) => Object.entries(stage)).find(([name]) => name === 'privacy')?.[1];
  };
  const hidden = quantities.find((quantity) => rulesOf(quantity) !== undefined);
  if (hidden === undefined) return [];
  const streamsPath = [...path, 'streams'];
  if (!quantities.includes('lat') || !quantities.includes('lon'))
    return [invalid([...streamsPath, hidden], 'privacy needs a sensor that yields lat and lon.')];
  if (rulesOf('lat') !== undefined && isDeepStrictEqual(rulesOf('lat'), rulesOf('lon'))) return [];
  return [invalid(streamsPath, 'privacy must stand on both lat and lon, with the same keys.')];
}

function invalid(path: ConfigPath, reason: string): ConfigProblem {
  return { code: 'CONFIG_INVALID_VALUE', path, reason };
}
