import { join } from 'node:path';
import { startAgent, type Agent } from '../agent.ts';
import { systemClock } from '../bindings/clock.ts';
import type { AgentConfig, SensorConfig } from '../config/agent-config.ts';
import type { BoundDriver } from '../drivers/driver.ts';
import type { Logger } from '../logger.ts';
import type { ReadingLine } from './reading-line.ts';

/** Lines that one call takes; more go into the next. */
export const publishLinesMax = 200_000;
/** How often the connection is looked at, in milliseconds. */
const lookEveryMs = 20;

/** What became of the lines. */
export interface PublishOutcome {
  /** Batches that the gateway has not acknowledged: they wait for the next call. */
  readonly waitingBatches: number;
}

/**
 * Publishes readings as an agent would, with its outbox (below `filters` in the data directory): they are
 * durable before they are sent, and what cannot be sent within `timeoutMs` is sent by the next call. At most
 * `publishLinesMax` lines.
 */
export async function publishLines(
  lines: readonly ReadingLine[],
  about: { readonly config: AgentConfig; readonly timeoutMs: number; readonly logger: Logger },
): Promise<PublishOutcome> {
  const { config, logger } = about;
  const dataDir = join(config.dataDir, 'filters');
  const local = { ...config.local, dataDir };
  const sensors = toSensors(lines);
  const agent = await startAgent({ ...config, local, dataDir, sensors }, { logger, clock: systemClock() });
  await waitForGateway(agent, about.timeoutMs);
  await agent.stop();
  return { waitingBatches: agent.waitingBatches() };
}

async function waitForGateway(agent: Agent, timeoutMs: number): Promise<void> {
  for (let look = 0; look < timeoutMs / lookEveryMs && !agent.isOnline(); look++) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

/** One sensor for each that the lines name; its driver gives the lines and no more. */
function toSensors(lines: readonly ReadingLine[]): SensorConfig[] {
  const bySensor = new Map<string, ReadingLine[]>();
  for (const line of lines) {
    const own = bySensor.get(line.sensor);
    if (own === undefined) bySensor.set(line.sensor, [line]);
    else own.push(line);
  }
  return [...bySensor].map(([id, own]) => {
    const units = new Map(own.map(({ quantity, unit }) => [quantity, unit]));
    const quantities = [...units].map(([quantity, unit]) => ({ quantity, unit }));
    const plan = { quantities, window: 'none', sketch: false, lateness: '0s' };
    const streams = quantities.map((each) => ({ ...each, window: 'none', windowUs: 0, sketch: false }));
    const driver: BoundDriver = { plan, start: (host) => emitLines(own, quantities, host.emit.bind(host)) };
    return { id, type: 'pipe', driver, streams, latenessUs: 0, file: { id, driver: 'pipe' } };
  });
}

function emitLines(
  lines: readonly ReadingLine[],
  quantities: readonly { readonly quantity: string }[],
  emit: (t: Float64Array, columns: (Float64Array | undefined)[]) => void,
): { stop(): void } {
  quantities.forEach(({ quantity }, column) => {
    const own = lines.filter((line) => line.quantity === quantity).sort((a, b) => a.t - b.t);
    const columns = quantities.map((_, at) =>
      at === column ? Float64Array.from(own, ({ v }) => v) : undefined,
    );
    emit(
      Float64Array.from(own, ({ t }) => t),
      columns,
    );
  });
  return { stop: () => undefined };
}
