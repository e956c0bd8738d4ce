import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { piecesOf } from './boot-file.ts';
import { cloudInitFiles } from './cloud-init.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-cloud-init-'));
  mkdirSync(join(folder, 'notes'));
  mkdirSync(join(folder, 'boot/fieldline'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const userData = (own: string): { bootcmd: string[][]; runcmd: string[][] } => {
  const { files } = cloudInitFiles({ name: 'greenhouse-1' }, { userData: own, cmdline: undefined });
  const content = files.find(({ path }) => path === 'user-data')?.content ?? Buffer.of();
  return parse(Buffer.concat([...piecesOf(content)]).toString());
};

/** Runs the last of some commands, with the places of the device in the folder; answers the exit code. */
function run(commands: readonly string[][]): number | null {
  const [program = '', ...words] = commands.at(-1) ?? [];
  const here = words.map((word) =>
    word
      .replaceAll('/boot/firmware /boot', join(folder, 'boot'))
      .replaceAll('/var/lib/cloud/instance/sem', join(folder, 'notes')),
  );
  return spawnSync(program, here).status;
}

/** An installation that writes down with what it was called. */
const installation = (exitCode: number): void =>
  writeFileSync(
    join(folder, 'boot/fieldline/install.sh'),
    `echo "$1" >>'${folder}/calls'; exit ${exitCode}\n`,
  );
const calls = () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : '');
const begun = () => writeFileSync(join(folder, 'notes/config_scripts_user'), '');

test('the image’s own commands come before those of the installation', () => {
  const { bootcmd, runcmd } = userData('#cloud-config\nbootcmd: [[early]]\nruncmd: [[late]]\n');
  expect([bootcmd.length, runcmd.length]).toEqual([2, 2]);
  expect([bootcmd[0], runcmd[0]]).toEqual([['early'], ['late']]);
});

test('an installation that was done is not done again, and one that was begun goes on at the next boot', () => {
  const { bootcmd, runcmd } = userData('');
  installation(0);
  expect(run(bootcmd)).toBe(0);
  expect(calls()).toBe('');
  begun();
  expect(run(bootcmd)).toBe(0);
  expect(calls()).toBe('start\n');
  expect(run(bootcmd)).toBe(0);
  expect(calls()).toBe('start\n');
  rmSync(join(folder, 'notes/fieldline_installed'));
  expect(run(runcmd)).toBe(0);
  expect(run(bootcmd)).toBe(0);
  expect(calls()).toBe('start\nstart\n');
});

test('an installation that fails says so, and is tried at each boot', () => {
  const { bootcmd, runcmd } = userData('');
  installation(3);
  begun();
  expect([run(runcmd), run(bootcmd), run(bootcmd)]).toEqual([3, 3, 3]);
  installation(0);
  expect([run(bootcmd), run(bootcmd)]).toEqual([0, 0]);
  expect(calls()).toBe('start\n'.repeat(4));
});
