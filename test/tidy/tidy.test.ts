import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { tidyRules } from '../../scripts/tidy/rules.ts';
import { readTree } from '../../scripts/tidy/tree.ts';

const files = readTree(dirname(dirname(import.meta.dirname)));

test('the tree is read', () => {
  expect(files.map(({ path }) => path)).toContain('protocol/src/errors/registry.ts');
  expect(files.filter(({ path }) => /(^|\/)(node_modules|dist|planted)\//.test(path))).toEqual([]);
});

test.each(tidyRules)('$name', ({ find }) => {
  expect(find(files)).toEqual([]);
});
