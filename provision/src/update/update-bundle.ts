import { createHash, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { SignedManifest, UpdateManifest } from '@fieldline/protocol';
import type { BundledAgent } from '../bundle/agent-packages.ts';
import { packageTimeS, type DebianArch } from '../bundle/debian-package.ts';
import { tarArchive } from '../bundle/tar-archive.ts';

/** An update as it is published. */
export interface UpdateBundle {
  readonly manifest: UpdateManifest;
  readonly signed: SignedManifest;
  readonly content: Buffer;
}

const compress = promisify(gzip);

/**
 * Packs the agent for the way over the air: the program and the addons, without the runtime, which is rarely new.
 * Gzipped, since Node 20 on armv7 reads nothing smaller. `key`: Ed25519, private. The same agent and key give
 * the same bytes.
 */
export async function updateBundle(
  agent: BundledAgent,
  about: { readonly arch: DebianArch; readonly key: KeyObject; readonly allowDowngrade: boolean },
): Promise<UpdateBundle> {
  const files = [{ path: 'lib/agent.cjs', content: agent.program }, ...agent.addons];
  const content = await compress(await tarArchive(files, packageTimeS), { level: 9 });
  const manifest: UpdateManifest = {
    format: 1,
    name: 'fieldline-agent',
    version: agent.version,
    arch: about.arch,
    sizeBytes: content.length,
    unpackedBytes: files.reduce((sum, file) => sum + file.content.length, 0),
    sha256: createHash('sha256').update(content).digest('hex'),
    ...(about.allowDowngrade && { allowDowngrade: true }),
  };
  return { manifest, signed: signManifest(manifest, about.key), content };
}

/** Signs the text of a manifest (Ed25519, RFC 8032). */
export function signManifest(manifest: UpdateManifest, key: KeyObject): SignedManifest {
  const text = JSON.stringify(manifest);
  return { manifest: text, signature: sign(null, Buffer.from(text, 'utf8'), key).toString('base64url') };
}
