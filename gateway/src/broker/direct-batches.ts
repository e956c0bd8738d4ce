import { batchTopic } from '@fieldline/protocol';
import type { DeviceRegistry } from '../devices/device-registry.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { LanePublish } from './batch-lane.ts';
import type { BrokerStatistics } from './broker-statistics.ts';

/** What direct batches are judged by, and where they go. */
export interface DirectBatchesParts {
  readonly ingest: Pick<Ingest, 'take'>;
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
    void this.#settle({ device, topic: batchTopic(device), payload }, publish, startedAtMs);
  }

  async #settle(
    arrived: { device: string; topic: string; payload: Uint8Array },
    publish: LanePublish,
    startedAtMs: number,
  ): Promise<void> {
    const outcome = await this.#parts.ingest.take(arrived);
    this.#parts.statistics.publishAnswered(startedAtMs);
    publish.settle(outcome !== 'unavailable');
  }
}
