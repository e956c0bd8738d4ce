import { createHash, createHmac } from 'node:crypto';

/** What a file of known hosts says of a key that a machine shows (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export type HostKeyVerdict = 'known' | 'changed' | 'revoked' | 'unknown';

interface KnownHost {
  readonly marker: string | undefined;
  readonly patterns: string;
  readonly type: string;
  readonly key: string;
}

/** The name of a machine in a file of known hosts: with its port where that is not 22. */
export function hostName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** A key as people compare it: `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type of a key: the first string of its blob (RFC 4253, 6.6). */
export function keyTypeOf(key: Buffer): string {
  return key.length < 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** The line that makes a key known. */
export function knownHostLine(name: string, key: Buffer): string {
  return `${name} ${keyTypeOf(key)} ${key.toString('base64')}\n`;
}

/** Types of the keys that are known of a machine: those are asked for, since another one says nothing. */
export function knownTypes(file: string, name: string): string[] {
  const own = linesOf(file).filter((each) => each.marker === undefined && matches(each, name));
  return [...new Set(own.map(({ type }) => type))];
}

/** Judges a key. One revoked counts as revoked whatever else stands there; marks of authorities are left aside. */
export function judgeHostKey(file: string, name: string, key: Buffer): HostKeyVerdict {
  const shown = key.toString('base64');
  const own = linesOf(file).filter((each) => matches(each, name));
  if (own.some(({ marker, key: revoked }) => marker === '@revoked' && revoked === shown)) return 'revoked';
  const plain = own.filter(({ marker }) => marker === undefined);
  if (plain.some((each) => each.key === shown)) return 'known';
  return plain.length > 0 ? 'changed' : 'unknown';
}

function linesOf(file: string): KnownHost[] {
  return file.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [patterns, type, key] = words;
    if (patterns === undefined || patterns.startsWith('#') || type === undefined || key === undefined)
      return [];
    return [{ marker, patterns, type, key }];
  });
}

function matches({ patterns }: KnownHost, name: string): boolean {
  if (patterns.startsWith('|1|')) return matchesHash(patterns, name);
  const all = patterns.split(',');
  const fits = (pattern: string): boolean => toExpression(pattern).test(name);
  if (all.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return all.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}

/** `|1|SALT|HASH`: HMAC-SHA1 of the name. */
function matchesHash(pattern: string, name: string): boolean {
  const [, , salt = '', hash = ''] = pattern.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function toExpression(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
}
