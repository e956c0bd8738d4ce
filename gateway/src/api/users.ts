import { NewUser, User, UserChange, UserName, UsersAnswer, type ErrorCode } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { Access } from '../access/access.ts';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';

const UserParams = Type.Object({ name: UserName });

const statusOf: Partial<Record<ErrorCode, number>> = {
  USER_EXISTS: 409,
  USER_LIMIT: 409,
  USER_UNKNOWN: 404,
  PASSWORD_WEAK: 400,
};

/** The people who may sign in. */
export function userRoutes({ access }: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/users',
      summary: 'Everybody who may sign in.',
      access: 'admin',
      answer: { status: 200, description: 'The users, by name.', schema: UsersAnswer },
      handle: () => json({ users: access.users.list() }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/users',
      summary: 'Adds a user. From the first one on, everybody has to sign in, on this machine too.',
      access: 'admin',
      body: NewUser,
      answer: { status: 201, description: 'The new user.', schema: User },
      problems: [409],
      subjectOf: ({ body }) => `${body.name} (${body.role})`,
      handle: async ({ body: { name, role, password } }) => {
        const added = await access.users.add(name, role, password);
        if (!added.ok) return refusal(added.refusal);
        // Sessions of the one-time link end with the first user; they would never be good again.
        access.sessions.end(({ user }) => user === null);
        access.changed();
        return json(added.value, 201);
      },
    }),
    changeUser(access),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/users/{name}',
      summary: 'Removes a user, and ends their sessions.',
      access: 'admin',
      params: UserParams,
      answer: { status: 200, description: 'Who is left.', schema: UsersAnswer },
      problems: [404],
      handle: ({ params: { name } }) => {
        if (!access.users.remove(name)) return problem(404, 'USER_UNKNOWN', name);
        endSessions(access, name);
        return json({ users: access.users.list() });
      },
    }),
  ];
}

function changeUser(access: Access): ApiRoute {
  return defineRoute({
    method: 'PUT',
    path: '/api/v1/users/{name}',
    summary: 'Gives a user another role or another password, and ends their sessions.',
    access: 'admin',
    params: UserParams,
    body: UserChange,
    answer: { status: 200, description: 'The user.', schema: User },
    problems: [404],
    subjectOf: ({ params, body }) =>
      [params.name, body.role && `role ${body.role}`, body.password && 'password'].filter(Boolean).join(', '),
    handle: async ({ params: { name }, body }) => {
      const changed = await access.users.change(name, body);
      if (!changed.ok) return refusal(changed.refusal);
      endSessions(access, name);
      return json(changed.value);
    },
  });
}

function endSessions(access: Access, name: string): void {
  access.sessions.end(({ user }) => user === name);
  access.changed();
}

function refusal({ code, detail }: { code: ErrorCode; detail: string }): ApiReply {
  return problem(statusOf[code] ?? 400, code, detail);
}
