import { dirname, matchesGlob } from 'node:path';
import { batchLimits, errorRegistry } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { stalePages } from '../../scripts/docs/stale.ts';
import { tidyRules } from '../../scripts/tidy/rules.ts';
import { readTree } from '../../scripts/tidy/tree.ts';
import vitestConfig from '../../vitest.config.ts';

const root = dirname(dirname(import.meta.dirname));
const files = readTree(root);

test('the tree is read', () => {
  expect(files.map(({ path }) => path)).toContain('protocol/src/errors/registry.ts');
  expect(files.filter(({ path }) => /(^|\/)(node_modules|dist|planted)\//.test(path))).toEqual([]);
});

test.each(tidyRules)('$name', ({ find }) => {
  expect(find(files)).toEqual([]);
});

test('every test file belongs to a group of tests, so that none is forgotten', () => {
  const patterns = (vitestConfig.test?.projects ?? []).flatMap((project) =>
    typeof project === 'object' && 'test' in project ? (project.test.include ?? []) : [],
  );
  expect(patterns.length).toBeGreaterThan(0);
  const tests = files.map(({ path }) => path).filter((path) => path.endsWith('.test.ts'));
  const expanded = patterns.flatMap(expandBraces);
  expect(tests.filter((path) => !expanded.some((pattern) => matchesGlob(path, pattern)))).toEqual([]);
});

test('the generated reference agrees with the code', async () => {
  const stale = await stalePages(root);
  expect(stale.map(({ path }) => path)).toEqual([]);
});

test('the error page names the codes of the registry, all of them and no other', () => {
  const page = files.find(({ path }) => path === 'docs/reference/errors.md')?.text ?? '';
  const named = [...page.matchAll(/<a id="(\w+)">/g)].map(([, code]) => code);
  expect(named.toSorted()).toEqual(Object.keys(errorRegistry).toSorted());
});

test.each(Object.entries(batchLimits))('the wire page gives the limit %s as %i', (name, value) => {
  const page = files.find(({ path }) => path === 'docs/reference/wire.md')?.text ?? '';
  expect(page).toContain(`| \`${name}\` | ${value} |`);
});

/** `a/{b,c}/d` → `a/b/d`, `a/c/d`: one pair of braces, as vitest's include patterns here have. */
function expandBraces(pattern: string): string[] {
  const [, before = '', list, after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(pattern) ?? [];
  return list === undefined ? [pattern] : list.split(',').map((each) => `${before}${each}${after}`);
}
