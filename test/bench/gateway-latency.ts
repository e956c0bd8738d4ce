import { benchResult, median, type BenchResult } from './bench-result.ts';
import { LiveProbe } from './gateway/live-probe.ts';
import { Load } from './gateway/load.ts';
import type { LoadReport } from './gateway/load-orders.ts';
import { StoreProbe } from './gateway/store-probe.ts';
import { withBridge, withGateway, withInfluxd, type Side } from './gateway/sides.ts';

/** Few, so that the one that is watched sends often enough for a 99th percentile. */
const connections = 20;
/** Messages a second of all connections, and how long each rate is kept. */
const rates = [1000, 5000, 20_000] as const;
const lengthSec = 5;
/** Messages of the first part of a run count on neither side. */
const warmUpPart = 1 / 3;
/** Messages of one connection that may be unacknowledged: at the rates above none waits for it. */
const windowMessages = 60_000;
const runs = 3;
/** How long a side that falls behind may take after the last message was due, until PUBACK and until it is in the store. */
const lateMs = 10_000;

/** Latencies of one run, milliseconds. */
interface Latencies {
  /** From the write of a message to the first answer of InfluxDB that holds it. */
  readonly queryableP99: number;
  /** From the write of a message to its PUBACK: journaled, on the gateway's side. */
  readonly acknowledgedP50: number;
  /** From the write of a message to the WebSocket frame that shows it or a newer one. */
  readonly shownP99: number;
}

/**
 * `gateway-latency`: from the publishing of a message to when it can be queried in InfluxDB (99th percentile),
 * at 1,000, 5,000 and 20,000 messages a second, beside Mosquitto with a bridge that writes every 50 ms. Then, at
 * 5,000, from publishing to a WebSocket frame, beside the bridge's time to queryable; and from publishing to
 * PUBACK (50th percentile) beside the 2 ms that the issue allows for socket to journal.
 *
 * Caveats: one device in twenty is watched, by asking InfluxDB for its newest value again and again, which
 * bounds the resolution by the time of one query, for both sides alike. PUBACK includes the way back. What a side has not
 * stored ten seconds after the end counts with the time it has waited until then: its figure is then the least it can be.
 * Both sides run all the time, and the one that is not measured has nothing to do. About three minutes.
 */
export async function runGatewayLatency(): Promise<BenchResult[]> {
  return withInfluxd((influxd) =>
    withGateway(influxd, connections, (ours) =>
      withBridge(influxd, connections, async (peer) => {
        const gateway = new MeasuredSide(ours, () => LiveProbe.open(ours.gateway, watched));
        const results = await atAllRates(gateway, new MeasuredSide(peer));
        await ours.database.untilCounted('thermometer', 'temperature', gateway.sentPerClient * connections);
        return results;
      }),
    ),
  );
}

const watched = 'bench-1';

async function atAllRates(gateway: MeasuredSide, bridge: MeasuredSide): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const perSec of rates) {
    const ours: Latencies[] = [];
    const peer: Latencies[] = [];
    for (let run = 0; run < runs; run++) {
      ours.push(await gateway.measure(perSec));
      peer.push(await bridge.measure(perSec));
    }
    results.push(...resultsOf(perSec, ours, peer));
  }
  return results;
}

/** One side, whose devices go on with each measurement where the one before ended. */
class MeasuredSide {
  readonly #side: Side;
  readonly #openLive: (() => Promise<LiveProbe>) | undefined;
  sentPerClient = 0;

  constructor(side: Side, openLive?: () => Promise<LiveProbe>) {
    this.#side = side;
    this.#openLive = openLive;
  }

  async measure(perSec: number): Promise<Latencies> {
    const messagesPerClient = (perSec * lengthSec) / connections;
    const before = this.sentPerClient;
    this.sentPerClient += messagesPerClient;
    const load = await Load.prepare({
      ...this.#side.target,
      messagesPerClient,
      messagesBefore: before,
      readingsPerMessage: 1,
      windowMessages,
      perSec,
      giveUpMs: lengthSec * 1000 + lateMs,
    });
    const live = await this.#openLive?.();
    const store = StoreProbe.start(this.#side.database, watched);
    try {
      const report = await load.run();
      const expected = messagesPerClient * connections;
      if (report.acknowledged !== expected)
        throw new Error(`${report.acknowledged} of ${expected} were acknowledged`);
      await store.untilSeen(this.sentPerClient - 1, lateMs);
      const seen = await store.stop();
      return {
        queryableP99: quantile(latencies(report, before, seen), 0.99),
        acknowledgedP50: median(report.acknowledgeMs.slice(report.acknowledgeMs.length * warmUpPart)),
        shownP99: live ? quantile(latencies(report, before, live.seen), 0.99) : NaN,
      };
    } finally {
      live?.close();
      await store.stop();
      await load.end();
    }
  }
}

/** When a value was first seen, `performance.timeOrigin + performance.now()`, milliseconds; rising in both. */
export type Seen = readonly { readonly value: number; readonly atMs: number }[];

/**
 * Of each message of the watched connection, whose values begin at `firstValue`: from its writing to when it, or a newer
 * one, was first seen; of those that never were, to now.
 */
export function latencies({ firstClientSentAtMs }: LoadReport, firstValue: number, seen: Seen): number[] {
  const endMs = performance.timeOrigin + performance.now();
  let next = 0;
  return firstClientSentAtMs.flatMap((sentAtMs, index) => {
    if (index < firstClientSentAtMs.length * warmUpPart) return [];
    while (next < seen.length && (seen[next]?.value ?? 0) < firstValue + index) next += 1;
    return [(seen[next]?.atMs ?? endMs) - sentAtMs];
  });
}

/** The value at `q` (0 to 1) of the sorted values; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

function resultsOf(perSec: number, ours: readonly Latencies[], peer: readonly Latencies[]): BenchResult[] {
  const about = { packages: ['aedes', 'mqtt'], unit: 'ms' };
  const queryable = peer.map(({ queryableP99 }) => queryableP99);
  const bridge = 'mosquitto (tuned) and a bridge with batches of 50 ms';
  const results = [
    benchResult({
      ...about,
      name: `gateway-latency: queryable p99 at ${perSec}/s`,
      ours: ours.map(({ queryableP99 }) => queryableP99),
      peer: { name: bridge, values: queryable },
    }),
  ];
  if (perSec !== 5000) return results;
  return [
    ...results,
    benchResult({
      ...about,
      name: `gateway-latency: WebSocket frame p99 at ${perSec}/s`,
      ours: ours.map(({ shownP99 }) => shownP99),
      peer: { name: `${bridge}, queryable`, values: queryable },
    }),
    benchResult({
      ...about,
      name: `gateway-latency: PUBACK p50 at ${perSec}/s`,
      ours: ours.map(({ acknowledgedP50 }) => acknowledgedP50),
      peer: { name: 'the 2 ms allowed', values: ours.map(() => 2) },
    }),
  ];
}
