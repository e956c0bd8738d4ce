import { FieldlineError } from '@fieldline/protocol';

/** The address of one dead letter. Throws CLI_USAGE for what is no number. */
export function letterPath(id: string): string {
  if (/^[1-9]\d{0,15}$/.test(id)) return `/api/v1/dead-letters/${id}`;
  throw new FieldlineError('CLI_USAGE', {
    subject: id,
    detail: 'It is a number, as `fieldline dead-letters list` shows it.',
  });
}
