import { Type, type Static } from 'typebox';
import { transforms } from './registry.ts';

/** Transforms that one stream may have. */
export const transformsMax = 32;

const byName = Object.fromEntries(
  transforms.map(({ name, settings, summary }) => [
    name,
    Type.Optional({ ...settings, description: summary }),
  ]),
);

/** The key `transforms` of a stream: a list of stages, each an object with one key, the transform's name. */
export const TransformKeys = Type.Array(
  Type.Object(byName, { additionalProperties: false, minProperties: 1, maxProperties: 1 }),
  {
    maxItems: transformsMax,
    description: 'What is done to each reading, in this order: see docs/reference/transforms.md',
  },
);
export type TransformKeys = Static<typeof TransformKeys>;
