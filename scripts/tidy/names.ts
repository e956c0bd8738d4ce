import ts from 'typescript';
import { lineOf, parse, walk } from './syntax.ts';
import type { Problem, TreeFile } from './tree.ts';

const kebabFile = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.(ts|js)$/;
const pascalFile = /^[A-Z][A-Za-z0-9]*\.svelte$/;
/** Words that say nothing of what a thing does. */
const emptyWords = /^(utils?|helpers?|managers?|common|misc)$/;
const emptyIdentifier = /(Util|Utils|Helper|Helpers|Manager|Managers)$/;

/** `.ts` files are kebab-case, `.svelte` files PascalCase. */
export function fileNames(files: readonly TreeFile[]): Problem[] {
  return files.flatMap(({ path }) => {
    const name = path.split('/').at(-1) ?? '';
    if (/\.(ts|js)$/.test(name) && !kebabFile.test(name))
      return [{ path, message: 'name the file in kebab-case' }];
    if (name.endsWith('.svelte') && !pascalFile.test(name))
      return [{ path, message: 'name the component in PascalCase' }];
    return [];
  });
}

/** No file, folder or declaration is called by a word that says nothing. */
export function emptyNames(files: readonly TreeFile[]): Problem[] {
  return files.flatMap((file) => [...emptyPathParts(file.path), ...emptyDeclarations(file)]);
}

function emptyPathParts(path: string): Problem[] {
  const words = path.split(/[/.-]/).filter((word) => emptyWords.test(word.toLowerCase()));
  return words.map((word) => ({ path, message: `"${word}" says nothing: name what it does` }));
}

function emptyDeclarations(file: TreeFile): Problem[] {
  if (!/\.(ts|js|svelte)$/.test(file.path)) return [];
  const source = parse(file);
  const problems: Problem[] = [];
  walk(source, (node) => {
    if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node) && !ts.isFunctionDeclaration(node))
      return;
    const name = node.name?.text ?? '';
    if (!emptyIdentifier.test(name)) return;
    problems.push({ path: `${file.path}:${lineOf(node, source)}`, message: `"${name}" says nothing` });
  });
  return problems;
}
