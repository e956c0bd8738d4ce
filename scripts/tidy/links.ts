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
