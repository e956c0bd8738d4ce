import { SessionAnswer, SignIn } from '@fieldline/protocol';
import type { Access, Principal } from '../access/access.ts';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiReply, type ApiRoute } from './route.ts';
import { sessionCookie } from './session-cookie.ts';
import { tooManyAttempts } from './too-many-attempts.ts';

/** Who asks; signing in and out. */
export function sessionRoutes({ access, clock }: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/session',
      summary: 'Who asks, and what they may do here.',
      access: 'open',
      answer: { status: 200, description: 'Name and role.', schema: SessionAnswer },
      handle: ({ principal }) => json(sessionAnswer(access, principal)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/session',
      summary: 'Signs in with name and password; the answer sets the cookie of the session.',
      access: 'open',
      body: SignIn,
      answer: { status: 200, description: 'Name and role.', schema: SessionAnswer },
      problems: [401, 429],
      subjectOf: ({ body }) => body.name,
      handle: async ({ body, channel }) => {
        const outcome = await access.signIns.signIn(body.name, body.password, channel.address);
        if (outcome.kind === 'limited') return tooManyAttempts(outcome.waitUs);
        if (outcome.kind === 'wrong') return problem(401, 'API_SIGN_IN_REFUSED', body.name);
        const opened = access.sessions.open(outcome.user.name);
        const about = { bearer: undefined, session: opened.secret, isLocal: false };
        const ageSec = Math.floor((opened.session.expiresAtUs - clock.nowUs()) / 1e6);
        return withCookie(
          sessionAnswer(access, access.identify(about)),
          sessionCookie(opened.secret, ageSec, channel),
        );
      },
    }),
    signOut(access),
  ];
}

function signOut(access: Access): ApiRoute {
  return defineRoute({
    method: 'DELETE',
    path: '/api/v1/session',
    summary: 'Signs out: ends the session and whatever socket it has open.',
    access: 'open',
    answer: { status: 200, description: 'Who asks from now on.', schema: SessionAnswer },
    // Anybody may call it: an entry for each would let strangers push the log's own past out.
    subjectOf: false,
    handle: ({ principal, channel }) => {
      if (principal.via === 'session') {
        access.sessions.end(({ digest }) => digest === principal.key);
        access.changed();
      }
      const { isLocal } = channel;
      const now = access.identify({ bearer: undefined, session: undefined, isLocal });
      return withCookie(sessionAnswer(access, now), sessionCookie('', 0, channel));
    },
  });
}

function sessionAnswer(access: Access, { name, role, expiresAtUs }: Principal): SessionAnswer {
  return { name, role: role ?? null, hasUsers: access.hasUsers, expiresAtUs };
}

function withCookie(body: SessionAnswer, cookie: string): ApiReply {
  return { kind: 'json', status: 200, body, headers: { 'set-cookie': cookie } };
}
