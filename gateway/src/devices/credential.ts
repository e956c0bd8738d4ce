import { createHmac, createSecretKey, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * scrypt's cost (RFC 7914): about 10 ms and 4 MB a verification. Passwords are 192 random bits, made here
 * and never chosen by people, so that the cost need only be a nuisance; a fleet that reconnects after a
 * restart pays it once a device.
 */
const scryptCost = { N: 4096, r: 8, p: 1 } as const;
const keyBytes = 32;
const saltBytes = 16;
const passwordBytes = 24;

/** A fresh password: 192 random bits, base64url. */
export function newPassword(): string {
  return randomBytes(passwordBytes).toString('base64url');
}

/** `scrypt$N$r$p$salt$key`, salt and key base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(Buffer.from(password), salt, scryptCost);
  const { N, r, p } = scryptCost;
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether `password` is the one that was hashed; false for a hash that cannot be read. */
export async function verifyPassword(password: Buffer, hash: string): Promise<boolean> {
  const [kind, N, r, p, salt, key] = hash.split('$');
  if (kind !== 'scrypt' || !salt || !key) return false;
  const wanted = Buffer.from(key, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const found = await derive(password, Buffer.from(salt, 'base64url'), cost).catch(() => noKey);
  return wanted.length === found.length && found.length > 0 && timingSafeEqual(wanted, found);
}

/** In the place of a key where the cost is none that scrypt knows. */
const noKey = Buffer.alloc(0);

function derive(password: Buffer, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, cost, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

/** Verifications that run at once: two of libuv's four threads stay free for the journal's syncs. */
const concurrentMax = 2;

/** Verified passwords remembered; a device beyond it is verified again at each connect. */
const rememberedMax = 20_000;

/**
 * Verifies passwords without letting a reconnect storm eat the machine: a password that was right once is
 * recognised by a keyed digest (the key lives in this process only), and few verifications run at a time.
 */
export class CredentialCheck {
  readonly #key = createSecretKey(randomBytes(32));
  readonly #remembered = new Map<string, { hash: string; digest: Buffer }>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  /** Hash of nobody's password: an unknown name takes as long as a known one. */
  readonly #decoy = hashPassword(newPassword());

  /** `hash` undefined stands for an unknown or revoked device: the answer is false, after the same work. */
  async verify(device: string, password: Buffer, hash: string | undefined): Promise<boolean> {
    const digest = createHmac('sha256', this.#key).update(password).digest();
    const known = this.#remembered.get(device);
    if (hash && known?.hash === hash && timingSafeEqual(known.digest, digest)) return true;
    const right = await this.#inTurn(async () => verifyPassword(password, hash ?? (await this.#decoy)));
    if (!right || !hash) return false;
    this.#remember(device, hash, digest);
    return true;
  }

  #remember(device: string, hash: string, digest: Buffer): void {
    this.#remembered.set(device, { hash, digest });
    if (this.#remembered.size <= rememberedMax) return;
    const oldest = this.#remembered.keys().next();
    if (!oldest.done) this.#remembered.delete(oldest.value);
  }

  /** The queue is bounded by the broker's limit of unauthenticated connections. */
  async #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#running >= concurrentMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
