import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { billOfLockFile } from './bill-of-materials.ts';
import { lockedPackages } from './locked-packages.ts';

const lockText = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8');

/**
 * The least version of each package that stands in an attacker's way, and why it is no lower. A lower one in the lock
 * file, wherever in the tree it stands, is a known weakness.
 */
const floors: readonly (readonly [name: string, least: string, why: string])[] = [
  ['aedes', '1.1.3', 'earlier ones let clients publish below $SYS'],
  ['ws', '8.21.0', 'earlier ones can be crashed or exhausted by a peer'],
  ['mqtt-packet', '9.0.2', 'parses what strangers send'],
  ['fastify', '5.7.0', 'earlier ones let validation be passed by the content type'],
  ['@fastify/static', '9.0.0', 'serves files to strangers'],
  ['fast-uri', '3.1.0', 'parses addresses of strangers'],
  ['find-my-way', '9.0.0', 'earlier ones match some paths in exponential time'],
  ['cookie', '0.7.0', 'earlier ones write cookies with fields of others in them'],
  ['nodemailer', '7.0.7', 'earlier ones may send mail to another domain'],
];

/** Compares dotted versions by their numbers; what stands behind a hyphen is lower than nothing. */
function isAtLeast(version: string, least: string): boolean {
  const numbers = (text: string) => (text.split('-')[0] ?? '').split('.').map(Number);
  const [found, wanted] = [numbers(version), numbers(least)];
  const at = wanted.findIndex((number, index) => number !== (found[index] ?? 0));
  if (at < 0) return !version.includes('-');
  return (found[at] ?? 0) > (wanted[at] ?? 0);
}

describe('the floor of the dependencies', () => {
  test.each(floors)('%s is at least %s: %s', (name, least) => {
    const found = lockedPackages(lockText).all.filter((each) => each.name === name);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ version }) => !isAtLeast(version, least))).toEqual([]);
  });

  test('compares numbers, not texts', () => {
    expect(['1.1.3', '1.10.0', '2.0.0'].every((version) => isAtLeast(version, '1.1.3'))).toBe(true);
    expect(['1.1.2', '1.0.9', '0.9.9', '1.1.3-beta.1'].some((version) => isAtLeast(version, '1.1.3'))).toBe(
      false,
    );
  });
});

describe('the bill of materials', () => {
  const document = JSON.parse(billOfLockFile(lockText));
  const components: readonly Record<string, unknown>[] = document.components;

  test('is CycloneDX, names what ships with licence and digest, and nothing of development', () => {
    expect(document).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    const names = components.map(({ purl }) => String(purl).replace(/@[^@]+$/, ''));
    for (const shipped of ['pkg:npm/aedes', 'pkg:npm/ws', 'pkg:npm/mqtt', 'pkg:npm/%40peculiar/x509'])
      expect(names).toContain(shipped);
    for (const development of ['pkg:npm/vitest', 'pkg:npm/eslint', 'pkg:npm/prettier'])
      expect(names).not.toContain(development);
    expect(components.filter(({ hashes }) => hashes === undefined).map(({ name }) => name)).toEqual([]);
    expect(components.filter(({ licenses }) => licenses === undefined).map(({ name }) => name)).toEqual([]);
  });

  test('is the same for the same lock file', () => {
    expect(billOfLockFile(lockText)).toBe(JSON.stringify(document, null, 2));
  });
});
