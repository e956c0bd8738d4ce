/** One member of an archive. */
export interface ArMember {
  /** At most 16 ASCII characters. */
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * A Unix archive in the common format: what a Debian package is, from outside (deb(5)). Owner and time are
 * fixed, so that the same members give the same bytes. Members begin at even offsets.
 */
export function arArchive(members: readonly ArMember[], modifiedS: number): Buffer {
  const parts: Uint8Array[] = [Buffer.from('!<arch>\n')];
  for (const { name, content } of members) {
    const header = [
      name.padEnd(16),
      String(modifiedS).padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
      String(content.length).padEnd(10),
    ].join('');
    parts.push(Buffer.from(`${header}\`\n`), content);
    if (content.length % 2 === 1) parts.push(Buffer.from('\n'));
  }
  return Buffer.concat(parts);
}
