import { DeadLettersAnswer, type DeadLetter } from '@fieldline/protocol';
import { text } from '../command/option.ts';
import type { GatewayClient } from './gateway-client.ts';

/** Options that say which dead letters. */
export const deadLetterFilter = {
  device: text({ brief: 'Only those of this device', placeholder: 'DEVICE' }),
  code: text({ brief: 'Only those of this reason, such as STREAM_LIMIT', placeholder: 'CODE' }),
};

/** Letters asked for at a time. */
const pageSize = 200;

interface Filter {
  readonly device?: string | undefined;
  readonly code?: string | undefined;
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
}

/** The address of one page of dead letters. */
export function deadLettersPath(filter: Filter): string {
  const search = new URLSearchParams();
  for (const name of ['device', 'code', 'before', 'limit'] as const) {
    const value = filter[name];
    if (value !== undefined) search.set(name, String(value));
  }
  return `/api/v1/dead-letters?${search.toString()}`;
}

/** Every dead letter that a filter leaves, the newest first; page by page, so that what comes meanwhile is left out. */
export async function* allDeadLetters(client: GatewayClient, filter: Filter): AsyncGenerator<DeadLetter> {
  let before: number | null | undefined;
  while (before !== null) {
    const path = deadLettersPath({ ...filter, limit: pageSize, before });
    const page: DeadLettersAnswer = await client.get(path, DeadLettersAnswer);
    yield* page.deadLetters;
    before = page.next;
  }
}
