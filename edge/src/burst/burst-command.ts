import { FieldlineError } from '@fieldline/protocol';
import type { BurstSpan } from './sensor-bursts.ts';

/** What has bursts: the pipeline of a sensor. */
export interface BurstSource {
  burst(nowUs: number, quantity?: string): Record<string, BurstSpan>;
}

/**
 * The command `burst` with `{sensor, quantity?}`: begins a burst now. Answers by quantity when each begins and
 * ends (µs UTC). Throws FieldlineError `SOURCE_NO_BURST` where nothing of that name has a ring, or none has room.
 */
export function burstCommand(
  args: unknown,
  parts: { source(sensor: string): BurstSource | undefined; nowUs: number },
): Record<string, BurstSpan> {
  const [sensor, quantity] = [text(args, 'sensor'), text(args, 'quantity')];
  const source = sensor === undefined ? undefined : parts.source(sensor);
  if (source === undefined) {
    const detail = 'The command needs {"sensor": ID}, and may have "quantity".';
    throw new FieldlineError('SOURCE_NO_BURST', { subject: sensor ?? 'burst', detail });
  }
  return source.burst(parts.nowUs, quantity);
}

function text(args: unknown, key: string): string | undefined {
  const value: unknown = typeof args === 'object' && args !== null ? Reflect.get(args, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}
