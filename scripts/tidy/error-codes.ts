import { errorRegistry } from '@fieldline/protocol';
import ts from 'typescript';
import { lineOf, parse, walk } from './syntax.ts';
import { isTest, type Problem, type TreeFile } from './tree.ts';

/** The numbers of each stage, in the order in which a reading passes the stages. */
export const stages: readonly { readonly stage: string; readonly from: number; readonly to: number }[] = [
  { stage: 'config', from: 1000, to: 1499 },
  { stage: 'cli', from: 1500, to: 1999 },
  { stage: 'source', from: 2000, to: 2499 },
  { stage: 'outbox', from: 3000, to: 3499 },
  { stage: 'uplink', from: 3500, to: 3999 },
  { stage: 'journal', from: 4000, to: 4499 },
  { stage: 'broker', from: 5000, to: 5499 },
  { stage: 'ingest', from: 5500, to: 5999 },
  { stage: 'sink', from: 6000, to: 6499 },
  { stage: 'query', from: 6500, to: 6999 },
  { stage: 'api', from: 7000, to: 7499 },
  { stage: 'provision', from: 7500, to: 7999 },
  { stage: 'simulator', from: 8000, to: 8499 },
  { stage: 'alerts', from: 8500, to: 8999 },
  { stage: 'update', from: 9000, to: 9499 },
  { stage: 'ssh', from: 9500, to: 9599 },
];

const codesFolder = 'protocol/src/errors/codes/';
const codeShape = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;

/** Each entry has a number of its own, in the range of the stage whose file defines it. */
export function errorNumbers(files: readonly TreeFile[]): Problem[] {
  const problems: Problem[] = [];
  const owners = new Map<number, string>();
  for (const { path, code, number } of files.flatMap(definedCodes)) {
    const name = path.slice(codesFolder.length, -'.ts'.length);
    const range = stages.find(({ stage }) => stage === name);
    if (!range || number < range.from || number > range.to)
      problems.push({ path, message: `${code}: ${number} is outside the range of the stage "${name}"` });
    const owner = owners.get(number);
    if (owner) problems.push({ path, message: `${code}: ${number} belongs to ${owner} already` });
    owners.set(number, code);
  }
  return problems;
}

/** Codes named in shipped code exist, and every entry of the registry is used by something. */
export function errorUse(files: readonly TreeFile[]): Problem[] {
  const shipped = files.filter(({ path }) => /\.(ts|svelte)$/.test(path) && !isTest(path));
  const used = shipped.flatMap(usedCodes);
  const unknown = used.filter(({ code, isErrorCode }) => isErrorCode && !(code in errorRegistry));
  const names = new Set(used.map(({ code }) => code));
  const unused = files.flatMap(definedCodes).filter(({ code }) => !names.has(code));
  return [
    ...unknown.map(({ path, code }) => ({ path, message: `${code} is not in the error registry` })),
    ...unused.map(({ path, code }) => ({ path, message: `${code} is used nowhere: remove it, or raise it` })),
  ];
}

function definedCodes(file: TreeFile): { path: string; code: string; number: number }[] {
  if (!file.path.startsWith(codesFolder)) return [];
  const found: { path: string; code: string; number: number }[] = [];
  walk(parse(file), (node) => {
    if (!ts.isPropertyAssignment(node) || !ts.isObjectLiteralExpression(node.initializer)) return;
    const number = node.initializer.properties.find((property) => property.name?.getText() === 'number');
    if (!number || !ts.isPropertyAssignment(number)) return;
    const value = Number(number.initializer.getText().replaceAll('_', ''));
    found.push({ path: file.path, code: node.name.getText(), number: value });
  });
  return found;
}

/** Strings in the shape of a code; those that stand where an error code belongs are errors for certain. */
function usedCodes(file: TreeFile): { path: string; code: string; isErrorCode: boolean }[] {
  if (file.path.startsWith(codesFolder)) return [];
  const source = parse(file);
  const found: { path: string; code: string; isErrorCode: boolean }[] = [];
  walk(source, (node) => {
    if (!ts.isStringLiteralLike(node) || !codeShape.test(node.text)) return;
    const path = `${file.path}:${lineOf(node, source)}`;
    found.push({ path, code: node.text, isErrorCode: raisesError(node) });
  });
  return found;
}

function raisesError(node: ts.StringLiteralLike): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) && !ts.isNewExpression(call)) return false;
  return call.arguments?.[0] === node && /^(FieldlineError|refused)$/.test(call.expression.getText());
}
