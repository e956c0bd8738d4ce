import type { StoreName } from '../config/gateway-config.ts';
import type { BatchLog } from '../journal/batch-log.ts';
import type { SinkLogger } from './sink.ts';

/** Every store that a configuration may have named once. */
const storeNames: readonly StoreName[] = ['embedded', 'influxdb'];

/**
 * Forgets the cursors of stores that the configuration names no more: the journal would keep everything since for them. A store
 * that comes back goes on at its own position, or at the oldest entry that is left.
 */
export async function forgetRemovedStores(
  { log, logger }: { readonly log: Pick<BatchLog, 'cursor' | 'removeCursor'>; readonly logger: SinkLogger },
  configured: readonly StoreName[],
): Promise<void> {
  for (const name of storeNames) {
    if (configured.includes(name) || log.cursor(name) === undefined) continue;
    try {
      await log.removeCursor(name);
      logger.info({ sink: name }, 'The store is configured no more; the journal keeps nothing for it');
    } catch (error) {
      logger.warn(
        { err: error, sink: name },
        'The cursor of a removed store stays; the next start tries again',
      );
    }
  }
}
