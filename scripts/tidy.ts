/**
 * Holds the tree to the rules of the house that no linter knows: `node scripts/tidy.ts [FOLDER]`. Prints each
 * finding and exits 1 where there is one.
 */
import { dirname, resolve } from 'node:path';
import { tidyRules } from './tidy/rules.ts';
import { readTree } from './tidy/tree.ts';

const files = readTree(resolve(process.argv[2] ?? dirname(import.meta.dirname)));
const lines = tidyRules.flatMap(({ name, find }) => {
  const problems = find(files).map(({ path, message }) => `  ${path}: ${message}`);
  return problems.length > 0 ? [`${name}:`, ...problems] : [];
});
for (const line of lines) console.log(line);
process.exitCode = lines.length > 0 ? 1 : 0;
