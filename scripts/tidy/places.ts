import type { Problem, TreeFile } from './tree.ts';

/** Absolute paths that exist on one developer's machine only. Written so that they do not match themselves. */
const privatePlaces = [
  /(?<![\w.])\/(?:home|Users)\/(?!pi\b|USER\b)[a-z]\w*/,
  /(?<![\w.])\/work\/[a-z]/,
  /(?<![\w.])\/root\/\w/,
  /C:\\Users/,
];

/** Nothing in the repository knows the machine on which it was written. */
export function privatePaths(files: readonly TreeFile[]): Problem[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = privatePlaces.map((place) => place.exec(line)?.[0]).find((hit) => hit !== undefined);
      if (found === undefined || path === 'scripts/tidy/places.ts') return [];
      return [{ path: `${path}:${index + 1}`, message: `"${found}" is a path of somebody's machine` }];
    }),
  );
}
