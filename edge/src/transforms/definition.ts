import { accepted, refused, type Result } from '@fieldline/protocol';
import type { Static, TObject } from 'typebox';
import { Value } from 'typebox/value';
import type { BoundTransform } from './transform.ts';

/** A stage with its settings, and the unit of what it lets through. */
export interface UnitTransform {
  readonly transform: BoundTransform;
  readonly unit: string;
}

/** What a stage finds fault with, for the reference. */
export interface Reason {
  /** As it stands in the answer to the command `stats`. */
  readonly reason: string;
  /** Which readings it is said of. */
  readonly of: string;
  /** What becomes of them: `dropped`, `marked`, or as its `action` says. */
  readonly outcome: 'dropped' | 'marked' | 'by action';
}

/** A transform as its folder writes it: typed by its schema of settings. */
export interface TransformDefinition<Settings extends TObject> {
  readonly name: string;
  /** One sentence for the reference. */
  readonly summary: string;
  readonly settings: Settings;
  readonly reasons: readonly Reason[];
  /** `unit`: that of the readings which come in. */
  bind(settings: Static<Settings>, unit: string): Result<UnitTransform>;
}

/** An entry of the registry: what the agent knows of a transform. */
export interface TransformEntry extends Omit<TransformDefinition<TObject>, 'bind'> {
  bind(settings: unknown, unit: string): Result<UnitTransform>;
}

/** Turns a definition into an entry of the registry: the settings are filled in and checked first. */
export function defineTransform<Settings extends TObject>(
  definition: TransformDefinition<Settings>,
): TransformEntry {
  return {
    ...definition,
    bind(input, unit) {
      const filled = Value.Default(definition.settings, structuredClone(input));
      if (Value.Check(definition.settings, filled)) return definition.bind(filled, unit);
      const error = Value.Errors(definition.settings, filled)[0];
      const detail = `${error?.instancePath ?? ''} ${error?.message ?? ''}`.trim();
      return refused('CONFIG_INVALID_VALUE', detail);
    },
  };
}

/** A stage that leaves the unit as it is. */
export function sameUnit(transform: BoundTransform, unit: string): Result<UnitTransform> {
  return accepted({ transform, unit });
}
