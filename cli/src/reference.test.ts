import { expect, test } from 'vitest';
import { commandReference } from './reference.ts';

test.each(commandReference())(
  '%s has an example, says --json, and names itself in its examples',
  (route, help) => {
    expect(help).toContain('EXAMPLES');
    expect(help).toContain('[--json]');
    for (const line of help.split('\n').filter((each) => each.startsWith('  fieldline ')))
      expect(line).toContain(route);
  },
);
