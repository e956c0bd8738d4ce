import { dirname, join } from 'node:path/posix';
import type { Problem, TreeFile } from './tree.ts';

/** Pictures are not among the text files; their links are checked by their folder alone. */
const picture = /\.(png|svg|jpg|gif)$/;

/** Every link from a page to a place in the repository leads somewhere. */
export function pageLinks(files: readonly TreeFile[]): Problem[] {
  const paths = new Set(files.map(({ path }) => path));
  const isThere = (path: string): boolean =>
    paths.has(path) || files.some((file) => file.path.startsWith(`${path.replace(/\/$/, '')}/`));
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      linksOf(text)
        .filter((link) => !picture.test(link) && !isThere(join(dirname(path), link)))
        .map((link) => ({ path, message: `the link to ${link} leads nowhere` })),
    );
}

function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.split('#')[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

/** Every decision stands in the list of decisions. */
export function listedDecisions(files: readonly TreeFile[]): Problem[] {
  const index = files.find(({ path }) => path === 'docs/decisions/README.md');
  if (!index) return [];
  return files
    .map(({ path }) => ({ path, name: /^docs\/decisions\/(\d{4}-.*\.md)$/.exec(path)?.[1] }))
    .filter(({ name }) => name !== undefined && !index.text.includes(`](${name})`))
    .map(({ path }) => ({ path, message: `is not listed in ${index.path}` }));
}
