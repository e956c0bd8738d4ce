import { ApiToken, CreatedToken, NewToken, TokensAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { defineRoute, json, problem, type ApiRoute } from './route.ts';

const TokenParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{12}$', description: 'Its id' }) });

/** Tokens of programs. */
export function tokenRoutes({ access }: GatewayParts): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/tokens',
      summary: 'Every token with its scopes; secrets are not kept.',
      access: 'admin',
      answer: { status: 200, description: 'The tokens, the oldest first.', schema: TokensAnswer },
      handle: () => json({ tokens: access.tokens.list() }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/tokens',
      summary: 'Makes a token, which is shown this once.',
      access: 'admin',
      body: NewToken,
      answer: { status: 201, description: 'The token.', schema: CreatedToken },
      problems: [409],
      subjectOf: ({ body }) => `${body.name} (${body.scopes.join(', ')})`,
      handle: ({ body, principal }) => {
        const created = access.tokens.create(body, principal.name);
        if (created.ok) return json(created.value, 201);
        return problem(409, created.refusal.code, created.refusal.detail);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/tokens/{id}',
      summary: 'Revokes a token, and ends whatever socket it has open.',
      access: 'admin',
      params: TokenParams,
      answer: { status: 200, description: 'The token that was.', schema: ApiToken },
      problems: [404],
      handle: ({ params }) => {
        const token = access.tokens.revoke(params.id);
        if (!token) return problem(404, 'TOKEN_UNKNOWN', params.id);
        access.changed();
        return json(token);
      },
    }),
  ];
}
