import {
  LedgerAnswer,
  PipelineAnswer,
  StreamsAnswer,
  type LatencyMs,
  type LedgerRow,
} from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { printLedger } from '../commands/ledger.ts';
import type { GatewayClient } from '../gateway/gateway-client.ts';

type Quantiles = Pick<LatencyMs, 'p50' | 'p99'>;

/** What `fieldline demo --duration` says at its end. */
export interface DemoSummary {
  readonly ledger: LedgerRow;
  readonly latencyMs: { readonly sensorToStore: Quantiles; readonly sensorToSocket: Quantiles };
  readonly devices: number;
  readonly streams: number;
}

const POLL_MS = 250;
/** Longer than the agents' flush interval: what they know by then, the gateway knows too. */
const STABLE_FOR_MS = 1500;
const DRAIN_DEADLINE_MS = 30_000;

/**
 * Waits until nothing is under way and the account has stood still; after 30 s it answers the account as it is.
 * A gateway that is being restarted is waited for.
 */
export async function drain(client: GatewayClient, signal: AbortSignal): Promise<LedgerAnswer> {
  const deadlineMs = performance.now() + DRAIN_DEADLINE_MS;
  let stableSinceMs = performance.now();
  let taken = -1;
  for (;;) {
    const answer = await client.get('/api/v1/ledger', LedgerAnswer).catch((error: unknown) => {
      if (performance.now() > deadlineMs) throw error;
      return undefined;
    });
    const nowMs = performance.now();
    if (!answer || answer.total.underWay > 0 || answer.total.taken !== taken) stableSinceMs = nowMs;
    taken = answer?.total.taken ?? -1;
    if (answer && (nowMs - stableSinceMs >= STABLE_FOR_MS || nowMs > deadlineMs || signal.aborted))
      return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Puts the summary together. Latencies cover the time since the gateway was last started. */
export async function summarise(client: GatewayClient, ledger: LedgerAnswer): Promise<DemoSummary> {
  const { latencyMs } = await client.get('/api/v1/pipeline', PipelineAnswer);
  const { streams } = await client.get('/api/v1/streams', StreamsAnswer);
  const { sensorToStore, sensorToSocket } = latencyMs;
  return {
    ledger: ledger.total,
    latencyMs: {
      sensorToStore: { p50: sensorToStore.p50, p99: sensorToStore.p99 },
      sensorToSocket: { p50: sensorToSocket.p50, p99: sensorToSocket.p99 },
    },
    devices: ledger.devices.length,
    streams: streams.length,
  };
}

/** The summary for people. */
export function printSummary(summary: DemoSummary, ledger: LedgerAnswer, io: CommandIo): void {
  const { sensorToStore, sensorToSocket } = summary.latencyMs;
  io.print('');
  printLedger(ledger, false, io);
  io.print(`  sensor to store   p50 ${ms(sensorToStore.p50)}   p99 ${ms(sensorToStore.p99)}`);
  io.print(`  sensor to screen  p50 ${ms(sensorToSocket.p50)}   p99 ${ms(sensorToSocket.p99)}`);
}

function ms(value: number | null): string {
  return (value === null ? '–' : `${Math.round(value)} ms`).padStart(7);
}
