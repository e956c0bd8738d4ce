import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './pages.ts';

/** A page as it should be; undefined where it should not exist. */
export interface RenderedPage {
  readonly path: string;
  readonly text: string | undefined;
}

/** The generated pages that differ from what lies on disk under `root`. */
export async function stalePages(root: string): Promise<RenderedPage[]> {
  const stale: RenderedPage[] = [];
  for (const { path, render } of pages) {
    const text = await render();
    const file = join(root, path);
    const present = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (text !== present) stale.push({ path, text });
  }
  return stale;
}
