import { roles } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { mayCall } from './principal.ts';

test('a role may do all that those before it may, and nothing beyond', () => {
  const allowed = (['open', ...roles] as const).map((access) => [
    access,
    [undefined, ...roles].filter((role) => mayCall({ role }, access)),
  ]);
  expect(Object.fromEntries(allowed)).toEqual({
    open: [undefined, 'viewer', 'operator', 'admin'],
    viewer: ['viewer', 'operator', 'admin'],
    operator: ['operator', 'admin'],
    admin: ['admin'],
  });
});
