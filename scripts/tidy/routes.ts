import ts from 'typescript';
import { parse, walk } from './syntax.ts';
import { isTest, type Problem, type TreeFile } from './tree.ts';

const page = 'docs/reference/http.md';
const folder = 'gateway/src/api/';

/** The page of the HTTP contract and the route tables of the gateway name the same routes. */
export function documentedRoutes(files: readonly TreeFile[]): Problem[] {
  const text = files.find(({ path }) => path === page)?.text;
  if (text === undefined) return [];
  const documented = new Set(
    [...text.matchAll(/^\| `(GET|POST|PUT|DELETE) ([^`?[\s]+)/gm)].map(
      ([, method, path]) => `${method} ${path}`,
    ),
  );
  const served = files
    .filter(({ path }) => path.startsWith(folder) && !isTest(path))
    .flatMap((file) => routesOf(file).map((route) => ({ route, path: file.path })));
  const names = new Set(served.map(({ route }) => route));
  return [
    ...served
      .filter(({ route }) => !documented.has(route))
      .map(({ route, path }) => ({ path, message: `${route} is not in ${page}` })),
    ...[...documented]
      .filter((route) => !names.has(route))
      .map((route) => ({ path: page, message: `${route} is served by no route of ${folder}` })),
  ];
}

/** Objects with a literal `method` and `path`: entries of a route table. */
function routesOf(file: TreeFile): string[] {
  const found: string[] = [];
  walk(parse(file), (node) => {
    if (!ts.isObjectLiteralExpression(node)) return;
    const [method, path] = [literal(node, 'method'), literal(node, 'path')];
    if (method !== undefined && path !== undefined) found.push(`${method} ${path}`);
  });
  return found;
}

function literal(node: ts.ObjectLiteralExpression, name: string): string | undefined {
  const property = node.properties.find((each) => each.name?.getText() === name);
  if (!property || !ts.isPropertyAssignment(property)) return undefined;
  return ts.isStringLiteralLike(property.initializer) ? property.initializer.text : undefined;
}
