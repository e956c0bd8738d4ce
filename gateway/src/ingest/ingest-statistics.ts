import type { Batch, PipelineStage } from '@fieldline/protocol';
import { RateMeter } from '../metrics/rate-meter.ts';
import { RollingLatency } from '../metrics/rolling-latency.ts';
import type { WayLatency } from '../metrics/way-latency.ts';
import type { Counter } from '../parts.ts';
import type { InFlight } from './in-flight.ts';

type Outcome = 'stored' | 'duplicate' | 'refused' | 'unavailable';

/** What the stages ingest and journal have done, for `/pipeline` and `/metrics`. */
export class IngestStatistics {
  /** Milliseconds of a steadily growing clock. */
  readonly #nowMs: () => number;
  readonly #inFlight: InFlight;
  readonly #way: WayLatency | undefined;
  readonly #arrived: RateMeter;
  readonly #settled: RateMeter;
  readonly #journaled: RateMeter;
  readonly #appends: RateMeter;
  readonly #ingestLatency: RollingLatency;
  readonly #journalLatency: RollingLatency;
  readonly #outcomes: Record<Outcome, number> = { stored: 0, duplicate: 0, refused: 0, unavailable: 0 };
  readonly #refusals = new Map<string, number>();
  #bytes = 0;
  #appending = 0;
  #appendFailures = 0;
  #isFailing = false;

  /** `way`: is told of each new batch, where somebody wants to know. */
  constructor(inFlight: InFlight, nowMs: () => number, way?: WayLatency) {
    this.#inFlight = inFlight;
    this.#way = way;
    this.#nowMs = nowMs;
    this.#arrived = new RateMeter(nowMs);
    this.#settled = new RateMeter(nowMs);
    this.#appends = new RateMeter(nowMs);
    this.#journaled = new RateMeter(nowMs);
    this.#ingestLatency = new RollingLatency(nowMs);
    this.#journalLatency = new RollingLatency(nowMs);
  }

  /** A batch came from the broker. Answers the time, for `settled`. */
  arrived(sizeBytes: number): number {
    this.#arrived.add(1);
    this.#bytes += sizeBytes;
    return this.#nowMs();
  }

  /** It is decoded, and new. */
  examined(batch: Batch): void {
    this.#way?.arrived(batch);
  }

  settled(outcome: Outcome, startedAtMs: number): void {
    this.#outcomes[outcome] += 1;
    this.#settled.add(1);
    this.#ingestLatency.record(this.#nowMs() - startedAtMs);
  }

  /** A batch was refused, for the reason `code`. */
  refused(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  journalStarted(): number {
    this.#appends.add(1);
    this.#appending += 1;
    return this.#nowMs();
  }

  /** `refused`: the journal takes no such record; that says nothing of its disk. */
  journalEnded(startedAtMs: number, outcome: 'durable' | 'refused' | 'failed'): void {
    this.#appending -= 1;
    if (outcome !== 'refused') this.#isFailing = outcome === 'failed';
    if (outcome === 'durable') this.#journaled.add(1);
    if (outcome === 'failed') this.#appendFailures += 1;
    this.#journalLatency.record(this.#nowMs() - startedAtMs);
  }

  /** What keeps batches from being taken; empty while nothing does. */
  problems(): string[] {
    if (!this.#isFailing) return [];
    return [
      'journal: the newest batch could not be made durable; devices keep theirs until the disk has room',
    ];
  }

  stages(): PipelineStage[] {
    const { batches, capacity } = this.#inFlight;
    return [
      {
        name: 'ingest',
        inPerSec: this.#arrived.perSec(),
        outPerSec: this.#settled.perSec(),
        queued: batches,
        capacity,
        utilization: Math.min(1, batches / capacity),
        latencyMs: this.#ingestLatency.quantiles(),
        errors: [...this.#refusals.values()].reduce((sum, count) => sum + count, 0),
      },
      {
        name: 'journal',
        inPerSec: this.#appends.perSec(),
        outPerSec: this.#journaled.perSec(),
        queued: this.#appending,
        capacity: null,
        utilization: null,
        latencyMs: this.#journalLatency.quantiles(),
        errors: this.#appendFailures,
      },
    ];
  }

  counters(): Counter[] {
    return [
      {
        name: 'fieldline_ingest_batches_total',
        help: 'Batches by what became of them.',
        kind: 'counter',
        samples: Object.entries(this.#outcomes).map(([outcome, value]) => ({ labels: { outcome }, value })),
      },
      {
        name: 'fieldline_ingest_refused_total',
        help: 'Batches that ingest refused, by the code of the reason.',
        kind: 'counter',
        samples: [...this.#refusals].map(([code, value]) => ({ labels: { code }, value })),
      },
      {
        name: 'fieldline_ingest_bytes_total',
        help: 'Bytes of batches as they arrived.',
        kind: 'counter',
        samples: [{ labels: {}, value: this.#bytes }],
      },
      {
        name: 'fieldline_journal_append_failures_total',
        help: 'Batches that could not be made durable and were not acknowledged.',
        kind: 'counter',
        samples: [{ labels: {}, value: this.#appendFailures }],
      },
      {
        name: 'fieldline_ingest_in_flight_bytes',
        help: 'Bytes of batches between socket and journal.',
        kind: 'gauge',
        samples: [{ labels: {}, value: this.#inFlight.bytes }],
      },
    ];
  }
}
