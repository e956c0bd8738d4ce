import ts from 'typescript';
import { lineCount, lineOf, parse, walk } from './syntax.ts';
import { isSource, isTest, type Problem, type TreeFile } from './tree.ts';

/** The longest file and the longest function of this house, in lines. */
export const limits = { fileLines: 500, functionLines: 70 };

/**
 * Files that were longer when the limit came, with the lines that they may have: an entry may shrink and must
 * go when it is no longer needed. Empty is the aim.
 */
export const longFiles: Readonly<Record<string, number>> = {};

/** Files are short. */
export function fileLengths(files: readonly TreeFile[], ratchet = longFiles): Problem[] {
  const problems: Problem[] = [];
  for (const { path, text } of files.filter((file) => isSource(file.path))) {
    const lines = text.trimEnd().split('\n').length;
    const limit = ratchet[path] ?? limits.fileLines;
    if (lines > limit)
      problems.push({ path, message: `has ${lines} lines; the limit is ${limit}: split it` });
    else if (path in ratchet && lines < limit)
      problems.push({ path, message: `has ${lines} lines: lower its entry in longFiles` });
  }
  return problems;
}

/** Functions are short. A list of tests is not a function that does a thing, and may be longer. */
export function functionLengths(files: readonly TreeFile[]): Problem[] {
  return files.filter(({ path }) => /\.(ts|js|svelte)$/.test(path)).flatMap(longFunctions);
}

function longFunctions(file: TreeFile): Problem[] {
  const source = parse(file);
  const problems: Problem[] = [];
  walk(source, (node) => {
    if (!ts.isFunctionLike(node) || (isTest(file.path) && isListOfTests(node))) return;
    const lines = lineCount(node, source);
    if (lines <= limits.functionLines) return;
    const message = `the function has ${lines} lines; the limit is ${limits.functionLines}: divide it`;
    problems.push({ path: `${file.path}:${lineOf(node, source)}`, message });
  });
  return problems;
}

/** Whether a function calls `describe` or `test` itself: the callback of a `describe`, or a contract suite. */
function isListOfTests(node: ts.SignatureDeclaration): boolean {
  if (!('body' in node) || !node.body || !ts.isBlock(node.body)) return false;
  return node.body.statements.some(
    (statement) =>
      ts.isExpressionStatement(statement) && /^(describe|test|it)\b/.test(statement.expression.getText()),
  );
}
