import { FieldlineError } from '@fieldline/protocol';
import { text } from '../command/option.ts';

const hourUs = 3_600_000_000;

/** Options of every command that asks about a range of time. */
export const rangeOptions = {
  from: text({
    brief: 'Start: an ISO 8601 time, or µs since 1970 [an hour before the end]',
    placeholder: 'TIME',
  }),
  to: text({ brief: 'End, exclusive [now]', placeholder: 'TIME' }),
};

/** The range that the options name, in µs. Throws CLI_USAGE. */
export function readRange(options: { readonly from: string | undefined; readonly to: string | undefined }): {
  fromUs: number;
  toUs: number;
} {
  const toUs = options.to === undefined ? Date.now() * 1000 : timeOf('--to', options.to);
  const fromUs = options.from === undefined ? toUs - hourUs : timeOf('--from', options.from);
  return { fromUs, toUs };
}

function timeOf(flag: string, given: string): number {
  const timeUs = /^\d+$/.test(given) ? Number(given) : Date.parse(given) * 1000;
  if (Number.isSafeInteger(timeUs)) return timeUs;
  throw new FieldlineError('CLI_USAGE', {
    subject: `${flag} ${given}`,
    detail: 'It is a time such as 2026-11-23T10:00:00Z, or microseconds since 1970.',
  });
}
