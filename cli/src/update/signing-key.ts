import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';

/** Where the key for signing updates is kept: `~/.config/fieldline/update-key.pem` (XDG Base Directory 0.8). */
export function signingKeyPath(environment: NodeJS.ProcessEnv = process.env): string {
  const config = environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  return join(config, 'fieldline', 'update-key.pem');
}

/** Reads a private Ed25519 key. Throws UPDATE_KEY_UNUSABLE. */
export function readSigningKey(path: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(path, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
    throw new TypeError(`It is a key of the kind ${key.asymmetricKeyType ?? 'unknown'}`);
  } catch (cause) {
    const detail = `${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new FieldlineError('UPDATE_KEY_UNUSABLE', { subject: path, detail, cause });
  }
}

/** Makes a key where there is none (0600), and answers it. Throws UPDATE_KEY_UNUSABLE. */
export function ensureSigningKey(path: string): { readonly key: KeyObject; readonly isNew: boolean } {
  if (existsSync(path)) return { key: readSigningKey(path), isNew: false };
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(path, pem, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const detail = `${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new FieldlineError('UPDATE_KEY_UNUSABLE', { subject: path, detail, cause });
  }
  return { key: privateKey, isNew: true };
}

/** The public half as devices are told it (`updates.keys`): 32 bytes, base64url. */
export function publicHalf(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('an Ed25519 key has an x');
  return x;
}
