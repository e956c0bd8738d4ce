import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** A key that the device made, with the request for its certificate: kept until the answer is on the disk, too. */
const PendingIdentity = Type.Object({
  /** SHA-256 of the claim that it is for; empty for a renewal. */
  claimDigest: Type.String(),
  keyPem: Type.String(),
  requestPem: Type.String(),
});
/** The same as a type. */
export type PendingIdentity = Static<typeof PendingIdentity>;

/** What a claim was traded for, or its renewal. */
const StoredIdentity = Type.Object({
  claimDigest: Type.String(),
  /** Where it was traded: `https://HOST:PORT`. */
  gatewayUrl: Type.String(),
  keyPem: Type.String(),
  certificatePem: Type.String(),
  /** The gateway's authority; null where it shows a certificate of a public one. */
  authorityPem: Type.Union([Type.String(), Type.Null()]),
  issuedAtUs: Type.Integer(),
  expiresAtUs: Type.Integer(),
});
/** The same as a type. */
export type StoredIdentity = Static<typeof StoredIdentity>;

const files = { pending: 'pending.json', identity: 'identity.json' } as const;

/**
 * The identity of the device in `identity/` below its data directory, readable by the agent's user alone. Each file
 * is replaced whole: a power cut leaves the one before or the one after.
 */
export class IdentityStore {
  readonly #directory: string;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, 'identity');
  }

  /** Undefined where there is none, or it cannot be read. */
  identity(): Promise<StoredIdentity | undefined> {
    return this.#read(files.identity, StoredIdentity);
  }

  /** Undefined likewise. */
  pending(): Promise<PendingIdentity | undefined> {
    return this.#read(files.pending, PendingIdentity);
  }

  /** Durable when it resolves. Rejects with the error of the file system. */
  async save(kind: 'pending', value: PendingIdentity): Promise<void>;
  async save(kind: 'identity', value: StoredIdentity): Promise<void>;
  async save(kind: keyof typeof files, value: object): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, files[kind]);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(value));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    const directory = await open(this.#directory, 'r');
    await directory.sync().finally(() => directory.close());
  }

  async #read<Schema extends TSchema>(name: string, schema: Schema): Promise<Static<Schema> | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(this.#directory, name), 'utf8'));
      return Value.Check(schema, value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
