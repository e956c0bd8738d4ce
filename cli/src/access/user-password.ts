import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FieldlineError } from '@fieldline/protocol';
import { text } from '../command/option.ts';

/** The option by which somebody chooses a password; it never stands in the command line, where others see it. */
export const passwordOption = {
  passwordFile: text({
    brief: 'A file that holds the password, - for standard input; without it one is made and printed',
    placeholder: 'FILE',
  }),
};

/** 144 random bits: nobody guesses them, and they can be typed. */
const generatedBytes = 18;

/** The password of the file, or a fresh one. Throws CLI_USAGE where the file cannot be read. */
export function choosePassword(path: string | undefined): {
  readonly password: string;
  readonly isNew: boolean;
} {
  if (path === undefined) return { password: randomBytes(generatedBytes).toString('base64url'), isNew: true };
  try {
    const password = readFileSync(path === '-' ? 0 : path, 'utf8').replace(/\r?\n$/, '');
    return { password, isNew: false };
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('CLI_USAGE', { subject: `--password-file ${path}`, detail, cause });
  }
}
