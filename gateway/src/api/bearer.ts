/**
 * The bearer token of an Authorization header (RFC 6750, 2.1); undefined where there is no such header, and a text
 * that is nobody's token where it is of another form: what was meant to name somebody never counts as nothing.
 */
export function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization)?.[1] ?? '';
}
