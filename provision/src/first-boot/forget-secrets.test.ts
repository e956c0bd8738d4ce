import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { piecesOf } from './boot-file.ts';
import { cloudInitFiles } from './cloud-init.ts';
import type { DeviceSettings } from './device-settings.ts';
import { installFiles } from './install-script.ts';

const secrets = ['$6$salt$hash', 'pflanzen-123', 'wie-geheim', 'greenhouse-1.PIN.SECRET'];
const settings: DeviceSettings = {
  name: 'greenhouse-1',
  user: { name: 'pi', passwordHash: '$6$salt$hash', sshKeys: ['ssh-ed25519 AAAAC3Nz pi@desk'] },
  wifi: { ssid: 'Glashaus', password: 'pflanzen-123', country: 'CH' },
};

let boot: string;
beforeEach(() => {
  boot = mkdtempSync(join(tmpdir(), 'fieldline-boot-'));
});
afterEach(() => rmSync(boot, { recursive: true }));

/** Puts the files of a card with cloud-init into a folder, as into a boot partition. */
function make(change: Partial<DeviceSettings> = {}): void {
  const image = { userData: '#cloud-config\npackage_update: false\n', cmdline: 'root=1\n' };
  const means = cloudInitFiles({ ...settings, ...change }, image);
  const agent = {
    config: 'gateway: { claim: greenhouse-1.PIN.SECRET }\n',
    password: 'wie-geheim',
    packages: [],
  };
  for (const { path, content } of [...installFiles(agent, means.secrets), ...means.files]) {
    mkdirSync(dirname(join(boot, path)), { recursive: true });
    writeFileSync(join(boot, path), Buffer.concat([...piecesOf(content)].map((piece) => piece.slice())));
  }
}

/** What the script says. */
const forget = () => execFileSync('sh', [join(boot, 'fieldline/forget.sh')], { encoding: 'utf8' });
const textOf = (path: string) => readFileSync(join(boot, path), 'utf8');

/** Every file of the folder, by its path. */
function texts(): Record<string, string> {
  const names = readdirSync(boot, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = names.map(({ parentPath, name }) => join(parentPath, name).slice(boot.length + 1));
  return Object.fromEntries(paths.map((path) => [path, textOf(path)]));
}

/** Which secrets are left, and where. */
const left = () =>
  Object.entries(texts()).flatMap(([path, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${path}: ${secret}`),
  );

test('what cloud-init was told stays, but for what is secret; and what it looks at in each boot is as it was', () => {
  make();
  expect(left()).toHaveLength(secrets.length);
  const before = texts();
  expect(forget()).toBe('');
  expect(left()).toEqual([]);
  const after = texts();
  const same = ['meta-data', 'cmdline.txt', 'fieldline/install.sh'];
  for (const path of same) expect(after[path]).toBe(before[path]);
  expect(Object.keys(after).sort()).toEqual(
    [...same, 'fieldline/forget.sh', 'network-config', 'user-data'].sort(),
  );
  const told = parse(before['user-data'] ?? '') as { users: object[] };
  const users = told.users.map((user) => ({ ...user, passwd: undefined }));
  expect(parse(after['user-data'] ?? '')).toEqual({ ...told, users });
  expect(after['user-data']).toMatch(/^#cloud-config\n/);
  expect(parse(after['network-config'] ?? '')).toEqual({ config: 'disabled' });
  expect(forget()).toBe('');
  expect(texts()).toEqual(after);
});

test('what a person has changed after the card was made stays as it is, and the log says so', () => {
  make();
  const own = `${textOf('user-data')}packages: [vim]\n`;
  writeFileSync(join(boot, 'user-data'), own);
  expect(forget()).toMatch(/user-data was changed after the card was made/);
  expect(textOf('user-data')).toBe(own);
  expect(left()).toEqual(['user-data: $6$salt$hash']);
});

test('goes on where a power cut has ended it', () => {
  make();
  rmSync(join(boot, 'fieldline/password'));
  execFileSync('mv', [join(boot, 'fieldline/after/user-data'), join(boot, 'user-data')]);
  expect(forget()).toBe('');
  expect(left()).toEqual([]);
});

test('files without secrets stay as they were', () => {
  make({
    user: { name: 'pi', sshKeys: ['ssh-ed25519 AAAAC3Nz pi@desk'] },
    wifi: { ssid: 'Open', country: 'CH' },
  });
  const before = texts();
  forget();
  for (const path of ['user-data', 'network-config']) expect(textOf(path)).toBe(before[path]);
});
