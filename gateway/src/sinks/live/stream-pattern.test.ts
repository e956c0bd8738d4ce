import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamPatterns } from './stream-pattern.ts';

const part = fc.constantFrom('a', 'b', 'c');
const patternPart = fc.constantFrom('a', 'b', 'c', '*');
const pattern = fc.array(patternPart, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const stream = fc.tuple(part, part, part);

/** What a pattern means, said part by part. */
function isWanted(patterns: readonly string[], parts: readonly string[], isWhole: boolean): boolean {
  return patterns.some((text) => {
    const wanted = text === '*' ? ['*', '*', '*'] : text.split('/');
    if (isWhole && wanted.length !== parts.length) return false;
    return parts.every((each, index) => wanted[index] === '*' || wanted[index] === each);
  });
}

test('patterns want what they say, whole names and the beginnings of names', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), stream, (patterns, parts) => {
      const compiled = new StreamPatterns(patterns);
      expect(compiled.matchesStream(parts.join('/'))).toBe(isWanted(patterns, parts, true));
      for (const length of [1, 2]) {
        const beginning = parts.slice(0, length);
        expect(compiled.matchesPrefix(...beginning)).toBe(isWanted(patterns, beginning, false));
      }
    }),
  );
});

test.each([
  [['*'], true],
  [['a/*/*', '*/*/*'], true],
  [['*/*', 'a/*/*', '*/*/c'], false],
  [[], false],
])('%j want every stream: %s', (patterns, all) => {
  expect(new StreamPatterns(patterns).matchesAll).toBe(all);
});
