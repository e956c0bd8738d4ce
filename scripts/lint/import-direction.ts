import { dirname, relative, resolve, sep } from 'node:path';
import type { Rule } from 'eslint';

/** A workspace, or one of the folders beside them. */
type Place = string;

/** Which workspaces each one may import. What is not named here (cli, test, scripts) may import any. */
const allowedWorkspaces: Readonly<Record<Place, readonly Place[]>> = {
  protocol: [],
  journal: ['protocol'],
  edge: ['protocol', 'journal'],
  gateway: ['protocol', 'journal'],
  dashboard: ['protocol'],
  simulators: ['protocol'],
  provision: ['protocol'],
};

/** The folders beside the workspaces: no workspace but the CLI reaches into them. */
const outside: readonly Place[] = ['cli', 'test', 'scripts'];

/** A module that only some files may import, and why. */
interface Restriction {
  readonly modules: RegExp;
  /** Files that must not import it, relative to the root. */
  readonly files: RegExp;
  /** Files of those that may all the same. */
  readonly except: RegExp;
  readonly why: string;
}

const testFile = /\.test\.ts$/;
const restrictions: readonly Restriction[] = [
  {
    modules: /^node:sqlite$/,
    files: /^(protocol|journal|edge|simulators)\//,
    except: /^$/,
    why: 'the agent runs on Node 20, which has no SQLite (docs/decisions/0001)',
  },
  {
    modules: /^(serialport|@serialport\/.*|node:(child_process|os|dgram|tty|cluster))$/,
    files: /^edge\/src\//,
    except: /^edge\/src\/(bindings|testing)\/|\.test\.ts$/,
    why: 'hardware and operating-system calls stand only in edge/src/bindings, so that the rest runs on a laptop',
  },
  {
    modules: /^node:fs(\/promises)?$/,
    files: /^edge\/src\//,
    except: /^edge\/src\/(bindings|config|testing)\/|\.test\.ts$/,
    why: 'devices and disks are reached only through edge/src/bindings (configuration files: edge/src/config)',
  },
  {
    modules: /^node:(?!test$)/,
    files: /^(dashboard\/src|protocol\/src\/(schema|column|aggregate|topic|errors))\//,
    except: testFile,
    why: 'this code runs in browsers too',
  },
];

/** What is wrong with `file` (relative to the root) importing `specifier`; undefined where nothing is. */
export function wrongImport(file: string, specifier: string): string | undefined {
  const from = file.split('/')[0] ?? '';
  const to = targetPlace(file, specifier);
  const allowed = allowedWorkspaces[from];
  if (allowed && to !== undefined && to !== from && isPlace(to) && !allowed.includes(to)) {
    const may = allowed.length > 0 ? allowed.join(' and ') : 'no other workspace';
    return `${from} must not import ${to}: it may import ${may}.`;
  }
  const hit = restrictions.find(
    ({ modules, files, except }) => modules.test(specifier) && files.test(file) && !except.test(file),
  );
  return hit && `${specifier} must not be imported here: ${hit.why}.`;
}

function isPlace(name: string): boolean {
  return name in allowedWorkspaces || outside.includes(name);
}

function targetPlace(file: string, specifier: string): Place | undefined {
  const workspace = /^@fieldline\/([^/]+)/.exec(specifier)?.[1];
  if (workspace !== undefined) return workspace;
  if (!specifier.startsWith('.')) return undefined;
  return resolve('/', dirname(file), specifier).split('/')[1];
}

/** ESLint's rule: static imports, re-exports and `import()` all point the way that the house allows. */
export const importDirection: Rule.RuleModule = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = relative(context.cwd, context.filename)
      .split(sep)
      .join('/')
      .replace(/^scripts\/planted\//, '');
    const check = (node: Rule.Node, source: unknown): void => {
      if (typeof source !== 'string') return;
      const message = wrongImport(file, source);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ImportExpression: (node) => check(node, node.source.type === 'Literal' ? node.source.value : undefined),
    };
  },
};
