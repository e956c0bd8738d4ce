import { describe, expect, test } from 'vitest';
import { docstrings } from './docstrings.ts';
import { errorNumbers, errorUse } from './error-codes.ts';
import { listedDecisions, pageLinks } from './links.ts';
import { emptyNames, fileNames } from './names.ts';
import { exactVersions, installScripts, packageLicences } from './packages.ts';
import { privatePaths } from './places.ts';
import { documentedRoutes } from './routes.ts';
import { fileLengths, functionLengths } from './sizes.ts';
import type { Problem, TreeFile } from './tree.ts';

const file = (path: string, text: string): TreeFile => ({ path, text });
const placesOf = (problems: Problem[]): string[] => problems.map(({ path }) => path);
const lines = (count: number, line = '  count += 1;\n'): string => line.repeat(count);

describe('sizes', () => {
  test('a file of 501 lines is too long, one of 500 is not', () => {
    const files = [file('a.ts', lines(501)), file('b.ts', lines(500)), file('notes.md', lines(900))];
    expect(placesOf(fileLengths(files, {}))).toEqual(['a.ts']);
  });

  test('the ratchet only turns one way', () => {
    const long = [file('a.ts', lines(600))];
    expect(fileLengths(long, { 'a.ts': 600 })).toEqual([]);
    expect(placesOf(fileLengths(long, { 'a.ts': 599 }))).toEqual(['a.ts']);
    expect(fileLengths(long, { 'a.ts': 601 })[0]?.message).toMatch('lower its entry');
  });

  test('a function of 71 lines is too long, also in a component; a list of tests is not', () => {
    const body = lines(68);
    const long = `function long() {\n${body}${lines(1)}}\n`;
    const files = [
      file('a.ts', long),
      file('b.ts', `function short() {\n${body}}\n`),
      file('C.svelte', `<p>above</p>\n<script lang="ts">\n${long}</script>\n`),
      file('d.test.ts', `describe('d', () => {\n${lines(90)}  test('x', x);\n});\n`),
      file('test/suite.ts', `export function suite() {\n  describe('d', () => {\n${lines(90)}  });\n}\n`),
      file('e.test.ts', `test('d', () => {\n${lines(90)}});\n`),
    ];
    expect(placesOf(functionLengths(files))).toEqual([
      'a.ts:1',
      'C.svelte:3',
      'test/suite.ts:2',
      'e.test.ts:1',
    ]);
  });
});

describe('names', () => {
  test.each(['src/fooBar.ts', 'src/Foo.ts', 'src/foo_bar.ts', 'src/time-chart.svelte'])(
    '%s is wrong',
    (path) => {
      expect(placesOf(fileNames([file(path, '')]))).toEqual([path]);
    },
  );

  test.each([
    'src/foo-bar.test.ts',
    'src/time-chart.svelte.ts',
    'TimeChart/TimeChart.svelte',
    'vite.config.ts',
  ])('%s is right', (path) => {
    expect(fileNames([file(path, '')])).toEqual([]);
  });

  test('finds words that say nothing in paths and declarations', () => {
    const files = [
      file('src/utils/time.ts', ''),
      file('src/test-helpers.ts', ''),
      file('src/a.ts', 'class OrderManager {}'),
      file('src/b.ts', 'class Orders {}'),
    ];
    expect(placesOf(emptyNames(files))).toEqual(['src/utils/time.ts', 'src/test-helpers.ts', 'src/a.ts:1']);
  });
});

describe('docstrings', () => {
  test('are required of what is exported, once a name', () => {
    const text = [
      'export function f() {}',
      'export interface I {}',
      'export const arrow = () => 1;',
      'export const plain = 1;',
      '/** A schema and its type. */',
      'export const S = 1;',
      'export type S = typeof S;',
      'function inner() {}',
    ].join('\n');
    expect(placesOf(docstrings([file('src/a.ts', text)]))).toEqual([
      'src/a.ts:1',
      'src/a.ts:2',
      'src/a.ts:3',
    ]);
    expect(docstrings([file('src/a.test.ts', text)])).toEqual([]);
  });
});

describe('error codes', () => {
  const folder = 'protocol/src/errors/codes';
  const entry = (code: string, number: number): string =>
    `export const e = defineErrors({ ${code}: { number: ${number}, title: '', remedy: '' } });`;

  test('numbers are unique and in their range', () => {
    const files = [
      file(`${folder}/config.ts`, entry('A_B', 1000)),
      file(`${folder}/cli.ts`, entry('C_D', 1000)),
    ];
    expect(errorNumbers(files).map(({ message }) => message)).toEqual([
      'C_D: 1000 is outside the range of the stage "cli"',
      'C_D: 1000 belongs to A_B already',
    ]);
  });

  test('an unknown code and an unused entry are found', () => {
    const files = [
      file(`${folder}/config.ts`, entry('NEVER_RAISED', 1000)),
      file('edge/src/a.ts', `throw new FieldlineError('NO_SUCH_CODE', { subject: '' });`),
      file('edge/src/b.ts', `const name = 'SOME_CONSTANT';`),
    ];
    expect(placesOf(errorUse(files))).toEqual(['edge/src/a.ts:1', `${folder}/config.ts`]);
  });
});

describe('packages', () => {
  test.each(['^1.0.0', '~1.2.3', '*', 'latest', '1.x', 'github:a/b', '>=1.0.0'])(
    '%s is not exact',
    (version) => {
      const manifest = JSON.stringify({ dependencies: { a: version } });
      expect(exactVersions([file('edge/package.json', manifest)])).toHaveLength(1);
    },
  );

  test('exact versions and exact aliases pass', () => {
    const manifest = JSON.stringify({
      dependencies: { a: '1.0.0', b: 'npm:typescript@7.0.2', c: '2.0.0-rc.1' },
    });
    expect(exactVersions([file('package.json', manifest)])).toEqual([]);
  });

  test('an install script outside the list is found', () => {
    const lock = JSON.stringify({
      packages: {
        'node_modules/a': { hasInstallScript: true },
        'node_modules/b': { hasInstallScript: true },
      },
    });
    const problems = installScripts([file('package-lock.json', lock)], ['node_modules/b']);
    expect(problems.map(({ message }) => message)).toEqual(['node_modules/a has an install script']);
  });
});

describe('links', () => {
  test('to missing pages are found; folders, anchors and other sites are not', () => {
    const text =
      '[a](b.md) [c](../README.md#x) [d](gone.md) [e](https://example.org) [f](#here) [g](guides/)';
    const files = [
      file('docs/a.md', text),
      file('docs/b.md', ''),
      file('README.md', ''),
      file('docs/guides/g.md', ''),
    ];
    expect(pageLinks(files).map(({ message }) => message)).toEqual(['the link to gone.md leads nowhere']);
  });
});

test('a decision that is not listed is found', () => {
  const list = file('docs/decisions/README.md', '[0001](0001-a.md)');
  const files = [list, file('docs/decisions/0001-a.md', ''), file('docs/decisions/0002-b.md', '')];
  expect(placesOf(listedDecisions(files))).toEqual(['docs/decisions/0002-b.md']);
});

describe('routes', () => {
  test('are the same in the page and in the tables', () => {
    const page =
      '| `GET /api/v1/query?stream=…` | x |\n| `GET /api/v1/gone` | x |\n| `WS /api/v1/live` | x |\n';
    const table = `[{ method: 'GET', path: '/api/v1/query' }, { method: 'POST', path: '/api/v1/new' }]`;
    const files = [file('docs/reference/http.md', page), file('gateway/src/api/query.ts', table)];
    expect(documentedRoutes(files).map(({ message }) => message)).toEqual([
      'POST /api/v1/new is not in docs/reference/http.md',
      'GET /api/v1/gone is served by no route of gateway/src/api/',
    ]);
  });
});

describe('licences', () => {
  test('copyleft is found; a tool may have a weak one', () => {
    const lock = JSON.stringify({
      packages: {
        '': { license: 'Apache-2.0' },
        'node_modules/a': { license: 'GPL-3.0' },
        'node_modules/b': { license: 'MPL-2.0' },
        'node_modules/c': { license: 'MPL-2.0', dev: true },
        'node_modules/d': { license: 'MIT' },
        'node_modules/e': {},
      },
    });
    expect(packageLicences([file('package-lock.json', lock)]).map(({ message }) => message)).toEqual([
      'node_modules/a has the licence "GPL-3.0"',
      'node_modules/b has the licence "MPL-2.0"',
      'node_modules/e has the licence "none"',
    ]);
  });
});

describe('paths of a machine', () => {
  test('are found, ordinary ones are not', () => {
    const own = ['', 'home', 'somebody', 'code'].join('/');
    const files = [
      file('a.md', `see ${own}`),
      file('b.md', 'see /home/pi/data, /var/lib/fieldline, ./home/gateway.ts and ~/code'),
    ];
    expect(placesOf(privatePaths(files))).toEqual(['a.md:1']);
  });
});
