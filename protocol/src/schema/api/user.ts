import { Type, type Static } from 'typebox';
import { TimeUs } from '../names.ts';
import { Role } from './access.ts';

const closed = { additionalProperties: false };

/** The name of a person who signs in: `[a-z0-9][a-z0-9._-]{0,62}`. */
export const UserName = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
  description: 'Small letters, digits, dots, hyphens and underscores, at most 63',
});

/** A password as people type it; what makes a good one is judged by the gateway. */
export const Password = Type.String({ minLength: 1, maxLength: 256, description: 'At least 12 characters' });

/** A person who may sign in. */
export const User = Type.Object({
  name: UserName,
  role: Role,
  createdAtUs: TimeUs,
  /** Null before the first time. */
  lastSignInUs: Type.Union([TimeUs, Type.Null()]),
});
export type User = Static<typeof User>;

/** `GET /api/v1/users`. */
export const UsersAnswer = Type.Object({ users: Type.Array(User) });
export type UsersAnswer = Static<typeof UsersAnswer>;

/** `POST /api/v1/users`. */
export const NewUser = Type.Object({ name: UserName, role: Role, password: Password }, closed);
export type NewUser = Static<typeof NewUser>;

/** `PUT /api/v1/users/{name}`: what is left out stays. Either change ends the sessions of the user. */
export const UserChange = Type.Object(
  { role: Type.Optional(Role), password: Type.Optional(Password) },
  closed,
);
export type UserChange = Static<typeof UserChange>;

/** `POST /api/v1/session`. */
export const SignIn = Type.Object({ name: UserName, password: Password }, closed);
export type SignIn = Static<typeof SignIn>;

/**
 * `GET /api/v1/session`: who asks, and what they may do. `role` is null for somebody who has to sign in first;
 * `hasUsers` is false while nobody has been added, and this machine may read without signing in.
 */
export const SessionAnswer = Type.Object({
  name: Type.String(),
  role: Type.Union([Role, Type.Null()]),
  hasUsers: Type.Boolean(),
  /** Null where it does not end by itself. */
  expiresAtUs: Type.Union([TimeUs, Type.Null()]),
});
export type SessionAnswer = Static<typeof SessionAnswer>;
