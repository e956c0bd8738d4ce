import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import { CertificateAuthority } from './certificate-authority.ts';

/** How long an authority vouches, in µs: about twenty years; a new one means that every device is claimed anew. */
const authorityAgeUs = 20 * 365 * 86_400_000_000;

/**
 * The authority of a home, read from `$home/ca/`, or made at the first start: `ca.pem` for whoever shall trust it,
 * `ca.key.pem` (0600) for nobody else. Throws CERTIFICATE_AUTHORITY_UNUSABLE.
 */
export async function loadAuthority(home: string, clock: Clock): Promise<CertificateAuthority> {
  const [certificatePath, keyPath] = [join(home, 'ca', 'ca.pem'), join(home, 'ca', 'ca.key.pem')];
  try {
    const certificatePem = readIfThere(certificatePath);
    const keyPem = readIfThere(keyPath);
    if (certificatePem !== undefined && keyPem !== undefined)
      return await CertificateAuthority.read(certificatePem, keyPem);
    // The certificate is written last: without it, nobody has been told of the key.
    if (certificatePem !== undefined) throw new TypeError(`${keyPath} is missing`);
    // A device whose clock stands at 1970 must be able to trust it.
    const made = await CertificateAuthority.create({ fromUs: 0, untilUs: clock.nowUs() + authorityAgeUs });
    mkdirSync(dirname(keyPath), { recursive: true, mode: 0o700 });
    replaceFile(keyPath, made.keyPem, 0o600);
    replaceFile(certificatePath, made.authority.pem, 0o644);
    return made.authority;
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('CERTIFICATE_AUTHORITY_UNUSABLE', { subject: dirname(keyPath), detail, cause });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** All of the file or nothing of it, on the disk when it returns. */
function replaceFile(path: string, text: string, mode: number): void {
  const fresh = `${path}.${randomUUID()}`;
  const file = openSync(fresh, 'wx', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}
