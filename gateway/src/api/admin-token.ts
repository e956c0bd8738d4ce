import { createHash, timingSafeEqual } from 'node:crypto';

/** The token of an Authorization header (RFC 6750, 2.1); undefined where it carries none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? '')?.[1];
}

/** Whether an Authorization header carries the token. Takes the same time whatever it carries. */
export function carriesToken(authorization: string | undefined, token: string): boolean {
  const given = bearerOf(authorization) ?? '';
  return timingSafeEqual(digest(given), digest(token)) && given.length > 0;
}

/** Equal lengths, as `timingSafeEqual` demands. */
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
