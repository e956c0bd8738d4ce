import { pino, type DestinationStream, type Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { CauseLimit } from './cause-limit.ts';

/** What the log is made from. */
export interface GatewayLoggerOptions {
  readonly level: string;
  readonly clock: Clock;
  readonly destination: DestinationStream;
}

/**
 * The log of a gateway: one JSON document a line, one child a component (`part`). A line of one part with one message is written a
 * few times a burst, whoever writes it; then it is held back, and the next burst's first line says how often (`heldBack`).
 */
export function gatewayLogger({ level, clock, destination }: GatewayLoggerOptions): Logger {
  const limit = new CauseLimit(clock);
  const logMethod: NonNullable<Parameters<typeof pino>[0]>['hooks'] = {
    logMethod(args, method) {
      const message = args.find((arg) => typeof arg === 'string') ?? '';
      const admission = limit.admit(`${String(this.bindings()['part'] ?? '')} ${message}`);
      if (!admission.admitted) return;
      const [about, ...rest]: unknown[] = args;
      const { heldBack } = admission;
      if (heldBack > 0 && typeof about === 'object')
        Reflect.apply(method, this, [{ ...about, heldBack }, ...rest]);
      else method.apply(this, args);
    },
  };
  return pino({ level, base: null, hooks: logMethod }, destination);
}
