import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import {
  accepted,
  refused,
  UpdateManifest,
  type BundleSummary,
  type Result,
  type SignedManifest,
} from '@fieldline/protocol';
import { Value } from 'typebox/value';
import type { Clock } from '../clock.ts';
import { durably } from '../home/gateway-database.ts';

/** Bundles that are kept, at most: 20 versions of three architectures. */
export const bundlesMax = 60;

interface BundleRow {
  readonly signed: SignedManifest;
  readonly manifest: UpdateManifest;
  readonly publishedAtUs: number;
}

/**
 * The bundles that have been published: files in `$home/updates`, named by their digests, and what was signed of
 * them in `gateway.db`. Whether a signature counts, each device judges by the keys that it was given.
 */
export class BundleStore {
  readonly directory: string;
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #bundles = new Map<string, BundleRow>();

  constructor(database: DatabaseSync, about: { readonly directory: string; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = about.clock;
    this.directory = about.directory;
    for (const row of database.prepare('SELECT * FROM update_bundles').all()) {
      const signed = { manifest: String(row['manifest']), signature: String(row['signature']) };
      const manifest = parseManifest(signed.manifest);
      const publishedAtUs = Number(row['published_at_us']);
      if (manifest) this.#bundles.set(manifest.sha256, { signed, manifest, publishedAtUs });
    }
  }

  /** The newest first. */
  list(): BundleSummary[] {
    return [...this.#bundles.values()]
      .map(({ manifest: { version, arch, sizeBytes, sha256 }, publishedAtUs }) => ({
        version,
        arch,
        sizeBytes,
        sha256,
        publishedAt: publishedAtUs,
      }))
      .sort((a, b) => b.publishedAt - a.publishedAt || (a.sha256 < b.sha256 ? -1 : 1));
  }

  /** What was signed of a version, one an architecture. */
  ofVersion(version: string): SignedManifest[] {
    const found = [...this.#bundles.values()].filter(({ manifest }) => manifest.version === version);
    return found.map(({ signed }) => signed);
  }

  has(sha256: string): boolean {
    return this.#bundles.has(sha256);
  }

  /** The name of its file below `directory`. */
  fileOf(sha256: string): string {
    return `${sha256}.tar.gz`;
  }

  /**
   * Keeps a bundle durably, in the place of one of the same version and architecture. Refused as UPDATE_BUNDLE_INVALID
   * or UPDATE_LIMIT; throws the errors of the disk.
   */
  add(signed: SignedManifest, content: Uint8Array): Result<BundleSummary> {
    const manifest = parseManifest(signed.manifest);
    if (!manifest) return refused('UPDATE_BUNDLE_INVALID', 'The manifest is not of the documented shape.');
    const { sha256, version, arch, sizeBytes } = manifest;
    const found = createHash('sha256').update(content).digest('hex');
    if (content.length !== sizeBytes || found !== sha256)
      return refused('UPDATE_BUNDLE_INVALID', `${content.length} bytes with the digest ${found}.`);
    const replaced = [...this.#bundles.values()].find(
      ({ manifest: other }) => other.version === version && other.arch === arch,
    );
    if (!replaced && this.#bundles.size >= bundlesMax)
      return refused('UPDATE_LIMIT', `${bundlesMax} bundles.`);
    putFile(this.directory, this.fileOf(sha256), content);
    const row = { signed, manifest, publishedAtUs: this.#clock.nowUs() };
    durably(this.#database, () => this.#insert(row));
    if (replaced && replaced.manifest.sha256 !== sha256) this.#forget(replaced.manifest.sha256);
    this.#bundles.set(sha256, row);
    return accepted({ version, arch, sizeBytes, sha256, publishedAt: row.publishedAtUs });
  }

  /** Removes what there is of a version; false where there is nothing. */
  remove(version: string): boolean {
    const found = [...this.#bundles.values()].filter(({ manifest }) => manifest.version === version);
    for (const { manifest } of found) {
      this.#database.prepare('DELETE FROM update_bundles WHERE sha256 = ?').run(manifest.sha256);
      this.#forget(manifest.sha256);
    }
    return found.length > 0;
  }

  #insert({ signed, manifest, publishedAtUs }: BundleRow): void {
    const { sha256, version, arch } = manifest;
    this.#database
      .prepare('INSERT OR REPLACE INTO update_bundles VALUES (?, ?, ?, ?, ?, ?)')
      .run(sha256, version, arch, signed.manifest, signed.signature, publishedAtUs);
  }

  #forget(sha256: string): void {
    this.#bundles.delete(sha256);
    rmSync(join(this.directory, this.fileOf(sha256)), { force: true });
  }
}

function parseManifest(text: string): UpdateManifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(UpdateManifest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** All of it or nothing, after a power cut too. */
function putFile(directory: string, name: string, content: Uint8Array): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}
