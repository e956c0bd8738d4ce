import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findSetting, variableOf } from './settings.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fieldline-settings-'));
});

afterEach(() => rmSync(home, { recursive: true }));

test('a variable is the name in capitals', () => {
  expect(variableOf('httpPort')).toBe('FIELDLINE_HTTP_PORT');
});

test('the environment wins over the file, and an empty variable counts as unset', () => {
  writeFileSync(join(home, 'cli.yaml'), 'gateway: http://file\nhttpPort: 9000\n');
  expect(findSetting('gateway', { FIELDLINE_GATEWAY: 'http://env' }, home)?.text).toBe('http://env');
  expect(findSetting('gateway', { FIELDLINE_GATEWAY: '' }, home)?.text).toBe('http://file');
  expect(findSetting('httpPort', {}, home)).toEqual({
    text: '9000',
    source: `${join(home, 'cli.yaml')} httpPort`,
  });
  expect(findSetting('token', {}, home)).toBeUndefined();
});

test.each(['gatewy: x', '- a', 'a: [b', '7'])('a file that says %j is refused by name', (content) => {
  writeFileSync(join(home, 'cli.yaml'), content);
  expect(() => findSetting('gateway', {}, home)).toThrow(/cli\.yaml.*CLI_SETTINGS_INVALID/s);
});
