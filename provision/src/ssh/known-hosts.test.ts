import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fingerprintOf,
  hostName,
  judgeHostKey,
  keyTypeOf,
  knownHostLine,
  knownTypes,
} from './known-hosts.ts';

/** A key as it goes over the wire: its type, and bytes that make it one of its own. */
function keyOf(seed: string, type = 'ssh-ed25519'): Buffer {
  const field = (content: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(content));
    return Buffer.concat([length, Buffer.from(content)]);
  };
  return Buffer.concat([field(type), field(seed)]);
}

const mine = keyOf('mine');
const other = keyOf('other');
const name = 'greenhouse-1.local';

describe('a file of known hosts', () => {
  test('knows a key under the name and port that it was written for, and no other', () => {
    const file = knownHostLine(hostName('10.0.0.7', 2222), mine);
    expect(file).toMatch(/^\[10\.0\.0\.7\]:2222 ssh-ed25519 /);
    expect(judgeHostKey(file, '[10.0.0.7]:2222', mine)).toBe('known');
    expect(judgeHostKey(file, '[10.0.0.7]:2222', other)).toBe('changed');
    expect(judgeHostKey(file, hostName('10.0.0.7', 22), mine)).toBe('unknown');
    expect(knownTypes(file, '[10.0.0.7]:2222')).toEqual(['ssh-ed25519']);
  });

  test('reads hashed names, patterns, exceptions and comments', () => {
    const salt = Buffer.from('0123456789abcdefghij');
    const hash = createHmac('sha1', salt).update(name).digest('base64');
    const key = mine.toString('base64');
    const hashed = `|1|${salt.toString('base64')}|${hash} ssh-ed25519 ${key}\n`;
    expect(judgeHostKey(hashed, name, mine)).toBe('known');
    expect(judgeHostKey(hashed, 'greenhouse-2.local', mine)).toBe('unknown');
    const patterns = `# mine\n*.local,!greenhouse-2.local ssh-ed25519 ${key} a comment\n`;
    expect(judgeHostKey(patterns, name, mine)).toBe('known');
    expect(judgeHostKey(patterns, name, other)).toBe('changed');
    expect(judgeHostKey(patterns, 'greenhouse-2.local', mine)).toBe('unknown');
    expect(judgeHostKey(patterns.replace('*.local', 'greenhouse-?.local'), name, mine)).toBe('known');
  });

  test('takes a key that was revoked for revoked, whatever else stands there', () => {
    const file = `${knownHostLine(name, mine)}@revoked * ssh-ed25519 ${mine.toString('base64')}\n`;
    expect(judgeHostKey(file, name, mine)).toBe('revoked');
    const authority = `@cert-authority * ssh-ed25519 ${mine.toString('base64')}\n`;
    expect(judgeHostKey(authority, name, mine)).toBe('unknown');
  });

  test('knows what was added to any text, and never another key', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (text, seed) => {
        const before = text.replaceAll('@revoked', '');
        const key = keyOf(seed);
        const file = `${before}\n${knownHostLine(name, key)}`;
        expect(judgeHostKey(file, name, key)).toBe('known');
        expect(judgeHostKey(file, name, keyOf(`${seed}!`))).toBe('changed');
      }),
    );
  });
});

test('a fingerprint is the digest that ssh-keygen prints, and a type stands in the key', () => {
  // ssh-keygen -lf of the host key of github.com, as GitHub publishes both.
  const github = Buffer.from(
    'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
    'base64',
  );
  expect(fingerprintOf(github)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  expect(keyTypeOf(github)).toBe('ssh-ed25519');
  expect(keyTypeOf(Buffer.of(1))).toBe('');
});
