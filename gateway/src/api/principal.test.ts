import { roles } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { mayCall } from './principal.ts';

test('a role may do all that those before it may, and nothing beyond', () => {
  const allowed = (['open', ...roles] as const).map((access) => [
    access,
    [undefined, ...roles].filter((role) => mayCall({ role, scopes: [] }, { access })),
  ]);
  expect(Object.fromEntries(allowed)).toEqual({
    open: [undefined, 'viewer', 'operator', 'admin'],
    viewer: ['viewer', 'operator', 'admin'],
    operator: ['operator', 'admin'],
    admin: ['admin'],
  });
});

test('a token for the metrics reads the metrics alone', () => {
  const token = { role: undefined, scopes: ['metrics'] as const };
  expect(mayCall(token, { access: 'viewer', scope: 'metrics' })).toBe(true);
  expect(mayCall(token, { access: 'viewer' })).toBe(false);
  expect(mayCall({ role: undefined, scopes: [] }, { access: 'viewer', scope: 'metrics' })).toBe(false);
});
