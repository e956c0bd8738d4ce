import { batchTopic } from '@fieldline/protocol';
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

  /** Takes a batch of the open session of `device`, and settles `publish` when it is durable or refused for good. */
  take(device: string, payload: Uint8Array, publish: LanePublish): void {
    const { statistics, registry } = this.#parts;
    const startedAtMs = statistics.publishArrived();
    if (!registry.isAdmitted(device)) {
      statistics.publishAnswered(startedAtMs);
      publish.settle(false);
      return;
    }
    registry.seen(device);
    this.#parts.ingest.takeDirectly(new DirectPublish({ device, payload }, statistics, publish, startedAtMs));
  }
}

/** A PUBLISH that brought a batch, and waits for its answer. The topic is only made where somebody asks for it. */
class DirectPublish implements DirectBatch {
  readonly device: string;
  readonly payload: Uint8Array;
  readonly #statistics: BrokerStatistics;
  readonly #publish: LanePublish;
  readonly #startedAtMs: number;

  constructor(
    { device, payload }: { readonly device: string; readonly payload: Uint8Array },
    statistics: BrokerStatistics,
    publish: LanePublish,
    startedAtMs: number,
  ) {
    this.device = device;
    this.payload = payload;
    this.#statistics = statistics;
    this.#publish = publish;
    this.#startedAtMs = startedAtMs;
  }

  get topic(): string {
    return batchTopic(this.device);
  }

  settled(outcome: IngestOutcome): void {
    this.#statistics.publishAnswered(this.#startedAtMs);
    this.#publish.settle(outcome !== 'unavailable');
  }
}
