import { Type, type Static } from 'typebox';
import { TimeUs } from '../names.ts';
import { roles } from './access.ts';

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** What a token may be given: a role, or the metrics alone. */
export const scopes = ['metrics', ...roles] as const;

/** `metrics` reads `/metrics` and nothing else; the others allow what the role of that name allows. */
export const Scope = Type.Unsafe<(typeof scopes)[number]>(
  Type.Union(scopes.map((scope) => Type.Literal(scope))),
);
export type Scope = Static<typeof Scope>;

/** A token for programs. Its secret is not kept and cannot be shown again. */
export const ApiToken = Type.Object({
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Scope),
  createdAtUs: TimeUs,
  createdBy: Type.String(),
  /** Null: it does not end by itself. */
  expiresAtUs: Nullable(TimeUs),
  lastUsedUs: Nullable(TimeUs),
});
export type ApiToken = Static<typeof ApiToken>;

/** `GET /api/v1/tokens`. */
export const TokensAnswer = Type.Object({ tokens: Type.Array(ApiToken) });
export type TokensAnswer = Static<typeof TokensAnswer>;

/** `POST /api/v1/tokens`. `expiresAtUs` left out: it does not end by itself. */
export const NewToken = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$', description: 'What it is for' }),
    scopes: Type.Array(Scope, { minItems: 1, maxItems: scopes.length, uniqueItems: true }),
    expiresAtUs: Type.Optional(TimeUs),
  },
  { additionalProperties: false },
);
export type NewToken = Static<typeof NewToken>;

/** The new token with its secret, which is shown this once. */
export const CreatedToken = Type.Object({ ...ApiToken.properties, token: Type.String() });
export type CreatedToken = Static<typeof CreatedToken>;
