import ts from 'typescript';
import { lineOf, parse } from './syntax.ts';
import { isTest, type Problem, type TreeFile } from './tree.ts';

/**
 * Every exported function, class, interface and type says what it is. A type that shares its name with a
 * schema shares the schema's docstring; overloads share the first one's.
 */
export function docstrings(files: readonly TreeFile[]): Problem[] {
  return files
    .filter(({ path }) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !isTest(path))
    .flatMap(undocumented);
}

function undocumented(file: TreeFile): Problem[] {
  const source = parse(file);
  const exported = source.statements.filter(isExported).flatMap(namesOf);
  const documented = new Set(exported.filter(({ node }) => hasDocstring(node)).map(({ name }) => name));
  return exported
    .filter(({ node, name }) => needsDocstring(node) && !documented.has(name))
    .map(({ node, name }) => ({
      path: `${file.path}:${lineOf(node, source)}`,
      message: `"${name}" is exported without a docstring`,
    }));
}

function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false;
  const modifiers = ts.getModifiers(statement) ?? [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

interface Named {
  readonly node: ts.Statement;
  readonly name: string;
}

function namesOf(node: ts.Statement): Named[] {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.map((declaration) => ({
      node,
      name: declaration.name.getText(),
    }));
  const declaration = node as ts.Statement & { name?: ts.Node };
  return [{ node, name: declaration.name?.getText() ?? 'default' }];
}

function needsDocstring(node: ts.Statement): boolean {
  if (!ts.isVariableStatement(node)) return true;
  return node.declarationList.declarations.some(
    ({ initializer }) =>
      initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)),
  );
}

function hasDocstring(node: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(node).length > 0;
}
