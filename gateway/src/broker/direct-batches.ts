import { batchTopic, OutlineReader } from '@fieldline/protocol';
import type { DeviceRegistry } from '../devices/device-registry.ts';
import type { DirectBatch, Ingest, IngestOutcome } from '../ingest/ingest.ts';
import type { LanePublish } from './batch-lane.ts';
import type { BrokerStatistics } from './broker-statistics.ts';

/** What direct batches are judged by, and where they go. */
export interface DirectBatchesParts {
  readonly ingest: Pick<Ingest, 'takeDirectly'>;
  readonly registry: Pick<DeviceRegistry, 'isAdmitted' | 'seen'>;
  readonly statistics: BrokerStatistics;
}

/** What `PublishGate` does for a batch, for one that came through a lane: its topic, QoS and flags are right. */
export class DirectBatches {
  readonly #parts: DirectBatchesParts;

  constructor(parts: DirectBatchesParts) {
    this.#parts = parts;
  }

  /** Takes a batch of an open session, and settles `publish` when it is durable or refused for good. */
  take(session: DirectSession, payload: Uint8Array, publish: LanePublish): void {
    const { statistics, registry } = this.#parts;
    const startedAtMs = statistics.publishArrived();
    if (!registry.isAdmitted(session.device)) {
      statistics.publishAnswered(startedAtMs);
      publish.settle(false);
      return;
    }
    registry.seen(session.device);
    this.#parts.ingest.takeDirectly(new DirectPublish(session, payload, statistics, publish, startedAtMs));
  }
}

/** Whose batches a lane brings, and how they were laid out so far. */
export class DirectSession {
  readonly device: string;
  readonly topic: string;
  readonly outlines = new OutlineReader();

  constructor(device: string) {
    this.device = device;
    this.topic = batchTopic(device);
  }
}

/** A PUBLISH that brought a batch, and waits for its answer. */
class DirectPublish implements DirectBatch {
  readonly #session: DirectSession;
  readonly payload: Uint8Array;
  readonly #statistics: BrokerStatistics;
  readonly #publish: LanePublish;
  readonly #startedAtMs: number;

  constructor(
    session: DirectSession,
    payload: Uint8Array,
    statistics: BrokerStatistics,
    publish: LanePublish,
    startedAtMs: number,
  ) {
    this.#session = session;
    this.payload = payload;
    this.#statistics = statistics;
    this.#publish = publish;
    this.#startedAtMs = startedAtMs;
  }

  get device(): string {
    return this.#session.device;
  }

  get topic(): string {
    return this.#session.topic;
  }

  get outlines(): OutlineReader {
    return this.#session.outlines;
  }

  settled(outcome: IngestOutcome): void {
    this.#statistics.publishAnswered(this.#startedAtMs);
    this.#publish.settle(outcome !== 'unavailable');
  }
}
