import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import {
  accepted,
  refused,
  UpdateManifest,
  type Result,
  type SignedManifest,
  type UpdateArch,
} from '@fieldline/protocol';
import compare from 'semver/functions/compare.js';
import { Value } from 'typebox/value';

/** What an update is checked against. */
export interface OrderContext {
  /** Public keys (Ed25519), 32 bytes in base64url. */
  readonly keys: readonly string[];
  /** Undefined for a processor that no bundle is made for. */
  readonly arch: UpdateArch | undefined;
  readonly runningVersion: string;
}

/**
 * Chooses the bundle for this device, before anything is fetched. Nothing of a manifest is read before its
 * signature is right. Refused as UPDATE_NOT_ENABLED (no keys), UPDATE_SIGNATURE_INVALID, UPDATE_WRONG_ARCH or
 * UPDATE_OLDER; the version that runs already is accepted.
 */
export function checkOrder(
  bundles: readonly SignedManifest[],
  { keys, arch, runningVersion }: OrderContext,
): Result<UpdateManifest> {
  if (keys.length === 0) return refused('UPDATE_NOT_ENABLED', '`updates.keys` is empty.');
  const trusted = keys.map(publicKey);
  const signed = bundles.filter((each) => isSigned(each, trusted));
  if (signed.length === 0) return refused('UPDATE_SIGNATURE_INVALID', `${bundles.length} manifests.`);
  const manifests = signed.flatMap(({ manifest }) => parse(manifest) ?? []);
  const manifest = manifests.find((each) => each.arch === arch);
  if (!manifest) {
    const known = manifests.map((each) => each.arch).join(', ');
    return refused('UPDATE_WRONG_ARCH', `This is ${arch ?? process.arch}; there is ${known || 'nothing'}.`);
  }
  if (compare(manifest.version, runningVersion) < 0 && manifest.allowDowngrade !== true)
    return refused('UPDATE_OLDER', `${runningVersion} runs; offered is ${manifest.version}.`);
  return accepted(manifest);
}

function publicKey(x: string): KeyObject {
  // RFC 8037, 2: an Ed25519 key as JWK.
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function isSigned({ manifest, signature }: SignedManifest, keys: readonly KeyObject[]): boolean {
  const text = Buffer.from(manifest, 'utf8');
  const bytes = Buffer.from(signature, 'base64url');
  return keys.some((key) => verify(null, text, key, bytes));
}

function parse(text: string): UpdateManifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(UpdateManifest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
