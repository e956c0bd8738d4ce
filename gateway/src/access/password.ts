import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { accepted, refused, type Result } from '@fieldline/protocol';

/**
 * Argon2id (RFC 9106) with the cost that OWASP's Password Storage Cheat Sheet gives as its second choice: 19 MiB,
 * two passes, one lane; about 30 ms. Only so many run at once, so that its memory is bounded.
 */
const cost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } as const;
const keyBytes = 32;
const saltBytes = 16;

/** Shortest password, in characters (NIST SP 800-63B wants at least 8, and no rules of composition). */
export const passwordCharsMin = 12;

/** Different characters that a password must have, so that it is not one key held down. */
const differentCharsMin = 5;

/** A password that may be used for `user`, or why not. */
export function judgePassword(user: string, password: string): Result<string> {
  if (password.length < passwordCharsMin) {
    return refused('PASSWORD_WEAK', `It is shorter than ${passwordCharsMin} characters.`);
  }
  if (new Set(password).size < differentCharsMin) {
    return refused('PASSWORD_WEAK', 'It repeats the same few characters.');
  }
  if (user.length > 2 && password.toLowerCase().includes(user))
    return refused('PASSWORD_WEAK', 'It holds the name.');
  return accepted(password);
}

/** `$argon2id$v=19$m=…,t=…,p=…$salt$key` (PHC string format), salt and key base64 without padding. */
export async function hashUserPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(password, salt, cost);
  const { memoryKiB, passes, lanes } = cost;
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${encode(salt)}$${encode(key)}`;
}

/** Whether `password` is the one that was hashed; false for a hash that cannot be read. */
export async function verifyUserPassword(password: string, hash: string): Promise<boolean> {
  const found = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(hash);
  if (!found) return false;
  const [, memory, passes, lanes, salt = '', wanted = ''] = found;
  const stored = { memoryKiB: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  const key = await derive(password, Buffer.from(salt, 'base64'), stored);
  const expected = Buffer.from(wanted, 'base64');
  return expected.length === key.length && timingSafeEqual(expected, key);
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** Equal texts are equal passwords however they were typed: NFC (RFC 8265, 4.1). */
function derive(
  password: string,
  nonce: Buffer,
  { memoryKiB, passes, lanes }: { memoryKiB: number; passes: number; lanes: number },
): Promise<Buffer> {
  const message = Buffer.from(password.normalize('NFC'));
  const options = { message, nonce, parallelism: lanes, tagLength: keyBytes, memory: memoryKiB, passes };
  return new Promise((resolve, reject) => {
    argon2('argon2id', options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
