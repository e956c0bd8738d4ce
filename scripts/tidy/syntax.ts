import ts from 'typescript';
import type { TreeFile } from './tree.ts';

/** Parses a TypeScript or JavaScript file, or the scripts of a Svelte component at their own lines. */
export function parse(file: TreeFile): ts.SourceFile {
  const text = file.path.endsWith('.svelte') ? onlyScripts(file.text) : file.text;
  return ts.createSourceFile(`${file.path}.ts`, text, ts.ScriptTarget.Latest, true);
}

/** Blanks everything outside `<script>`, so that line numbers stay those of the component. */
function onlyScripts(text: string): string {
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  let result = '';
  let end = 0;
  for (const match of text.matchAll(/(<script[^>]*>)([\s\S]*?)<\/script>/g)) {
    const start = match.index + (match[1]?.length ?? 0);
    result += blank(text.slice(end, start)) + (match[2] ?? '');
    end = start + (match[2]?.length ?? 0);
  }
  return result + blank(text.slice(end));
}

/** Calls `visit` for each node, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}

/** The number of lines from the first to the last character of a node. */
export function lineCount(node: ts.Node, source: ts.SourceFile): number {
  const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
  return source.getLineAndCharacterOfPosition(node.end).line - first + 1;
}

/** The line, from 1, on which a node starts. */
export function lineOf(node: ts.Node, source: ts.SourceFile): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
