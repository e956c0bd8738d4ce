import { expect, test } from 'vitest';
import { alertCommands, commands, deadLetterCommands, flashCommands } from '../commands/index.ts';
import { defineCommand } from './define-command.ts';
import { loadRoutes, wantedBy } from './load-routes.ts';

/** Three commands that note which of them was read. */
function level() {
  const read: string[] = [];
  const loader = (name: string) => () => {
    read.push(name);
    const run = () => Promise.resolve(undefined);
    return Promise.resolve(defineCommand({ brief: `The brief of ${name}`, examples: [], options: {}, run }));
  };
  return { read, loaders: { one: loader('one'), two: loader('two'), deadLetters: loader('deadLetters') } };
}

test.each<[string | undefined, string[]]>([
  ['one', ['one']],
  ['dead-letters', ['deadLetters']],
  ['deadLetters', ['deadLetters']],
  ['onne', []],
  ['--version', []],
  ['-v', []],
  ['--help', ['one', 'two', 'deadLetters']],
  [undefined, ['one', 'two', 'deadLetters']],
])('%s reads %j', async (word, expected) => {
  const { read, loaders } = level();
  const routes = await loadRoutes(loaders, wantedBy(word));
  expect(read).toEqual(expected);
  expect(Object.keys(routes)).toEqual(['one', 'two', 'deadLetters']);
  for (const name of expected) expect(routes[name]?.brief).toBe(`The brief of ${name}`);
});

test.each([commands, alertCommands, deadLetterCommands, flashCommands])(
  'every module brings the command that its loader promises',
  async (loaders) => {
    const routes = await loadRoutes(loaders, { all: true });
    for (const { brief } of Object.values(routes)) expect(brief).not.toBe('');
  },
);
