import { hash } from 'node:crypto';
import { textFile, type BootFile } from './boot-file.ts';

/** A file of the boot partition with secrets, and what takes its place once the system has read it. */
export interface SecretFile {
  /** In the root of the partition. */
  readonly path: string;
  readonly text: string;
  readonly without: string;
}

/** The script, and the folder of what takes the place of files with secrets; both in the folder of the installation. */
export const forgetScript = 'forget.sh';
const afterFolder = 'after';

/**
 * Runs when everything is installed and on the disk. A boot partition is FAT: any computer shows it, without a
 * password. What is put into the place of a file is renamed, so that a power cut leaves the one or the other, whole;
 * a file that a person has changed since the card was made is theirs, and stays.
 */
const script = `#!/bin/sh
# Takes the secrets of this device from the boot partition, where any computer can read them. Running it again does no harm.
set -eu
here=$(dirname "$(readlink -f "$0")")
boot=$(dirname "$here")
rm -f "$here/password" "$here/agent.yaml"
for after in "$here/${afterFolder}"/*; do
  [ -f "$after" ] || continue
  name=$(basename "$after")
  case "$name" in *.sha256) continue ;; esac
  if [ "$(sha256sum <"$boot/$name" | cut -d' ' -f1)" = "$(cat "$after.sha256")" ]; then
    mv -f "$after" "$boot/$name"
  elif ! cmp -s "$after" "$boot/$name"; then
    echo "Fieldline: $name was changed after the card was made; it stays as it is, with its secrets"
  fi
done
sync
rm -rf "$here/${afterFolder}"
sync
`;

/** The files that make a card forget `secrets`, in `folder`. */
export function forgettingFiles(folder: string, secrets: readonly SecretFile[]): BootFile[] {
  const after = (name: string, text: string) => textFile(`${folder}/${afterFolder}/${name}`, text);
  return [
    textFile(`${folder}/${forgetScript}`, script),
    ...secrets.flatMap(({ path, text, without }) => [
      after(path, without),
      after(`${path}.sha256`, `${hash('sha256', text)}\n`),
    ]),
  ];
}
