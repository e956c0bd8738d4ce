import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const secretBytes = 32;

/** 256 random bits, base64url: guessing is hopeless, so that one round of SHA-256 is enough to keep them. */
export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url');
}

/** What is kept of a random secret: its SHA-256, base64url. Not for passwords, which people choose. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Whether two texts are equal, in a time that does not tell where they differ. */
export function equalSecrets(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(digestOf(one)), Buffer.from(digestOf(other))];
  return timingSafeEqual(a, b);
}
