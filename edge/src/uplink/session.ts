import {
  batchTopic,
  commandTopic,
  desiredTopic,
  parseTopic,
  replyTopic,
  reportedTopic,
  statusTopic,
  type Desired,
  type ErrorCode,
  type Reported,
  type Status,
} from '@fieldline/protocol';
import type { MqttClient } from 'mqtt';
import type { Timers } from '../bindings/timers.ts';
import type { BatchQueue, SealedBatch } from '../outbox/batch-queue.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { runLane } from './lane.ts';
import { answerCommand, readDesiredMessage, type CommandHandlers } from './messages.ts';
import { Pace } from './pace.ts';

/** What one session stands on. */
export interface SessionOptions {
  readonly device: string;
  readonly outbox: Outbox;
  /** Batches of a time without a disk. */
  readonly memory: BatchQueue;
  readonly timers: Timers;
  readonly commands: CommandHandlers;
  /** The status to publish, as it is now. */
  status(online: boolean): Status;
  /** What to report of the configuration, as it is now. */
  reported(): Reported;
  /** The gateway has acknowledged a report. */
  acknowledged(reported: Reported): void;
  /** The gateway has this batch, durably. */
  readonly delivered?: (batch: SealedBatch) => void;
  /** The gateway wants another configuration. */
  desired(desired: Desired): void;
  /** Batches a second on the backlog lane. */
  readonly backlogBatchesPerSec: number;
  /** Batches of one lane that may be unacknowledged at once. */
  readonly inFlightMax: number;
  readonly ackDeadlineMs: number;
  readonly counters: { sent: number; acknowledged: number };
  readonly report: (code: ErrorCode, detail: string) => void;
}

/**
 * The work over one connection: introduces the device, empties the outbox on both lanes, answers commands.
 * Ends when the connection closes or `end` is called.
 */
export class Session {
  readonly client: MqttClient;
  readonly #options: SessionOptions;
  readonly #ending = new AbortController();
  /** Sends that wait for their PUBACK; each is told when the session ends. */
  readonly #waiting = new Set<() => void>();

  constructor(client: MqttClient, options: SessionOptions) {
    this.client = client;
    this.#options = options;
  }

  /** Works until the session ends. */
  async run(): Promise<void> {
    const { client } = this;
    const closed = new Promise<void>((resolve) => {
      this.#ending.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    client.once('close', () => this.end());
    client.on('message', (topic, payload) => this.#received(topic, payload));
    if (!client.connected) this.end();
    this.#introduce()
      .then(() => this.#runLanes())
      .catch((cause: unknown) => this.#fail('UPLINK_DISCONNECTED', String(cause)));
    await closed;
    client.end(true);
    this.#options.outbox.release();
    this.#options.memory.release();
  }

  /** Ends the session: what is in flight waits for the next one. */
  end(): void {
    this.#ending.abort();
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
  }

  /** Publishes that the device is going, and disconnects in order, so that the will is not sent. */
  async sayGoodbye(): Promise<void> {
    await this.#publishRetained(statusTopic(this.#options.device), this.#options.status(false));
    await this.client.endAsync(false);
  }

  async #introduce(): Promise<void> {
    const { device } = this.#options;
    await this.client.subscribeAsync([desiredTopic(device), commandTopic(device)], { qos: 1 });
    await this.#publishRetained(statusTopic(device), this.#options.status(true));
    await this.#publishReported();
  }

  /** Tells status and configuration again, since they have changed. Does nothing where the session is ending. */
  report(): void {
    const { device } = this.#options;
    this.#publishRetained(statusTopic(device), this.#options.status(true))
      .then(() => this.#publishReported())
      .catch((cause: unknown) => this.#fail('UPLINK_DISCONNECTED', String(cause)));
  }

  async #publishReported(): Promise<void> {
    const report = this.#options.reported();
    await this.#publishRetained(reportedTopic(this.#options.device), report);
    if (!this.#ending.signal.aborted) this.#options.acknowledged(report);
  }

  async #runLanes(): Promise<void> {
    const { outbox, memory, inFlightMax, backlogBatchesPerSec, timers } = this.#options;
    // A disk that fails must not stop the sending: then this run remembers what it has sent.
    await outbox.offer().catch(() => undefined);
    const border = outbox.nextOffset;
    const send = (batch: SealedBatch): Promise<void> => this.#send(batch);
    const shared = { queue: outbox, inFlightMax, send, signal: this.#ending.signal };
    const pace = new Pace(backlogBatchesPerSec, timers);
    await Promise.all([
      runLane({ ...shared, from: border, to: Number.POSITIVE_INFINITY }),
      runLane({ ...shared, from: outbox.firstWaiting, to: border, pace }),
      runLane({ ...shared, queue: memory, from: memory.firstWaiting, to: Number.POSITIVE_INFINITY }),
    ]);
  }

  /** Resolves at the PUBACK; rejects when the session ends first. */
  #send(batch: SealedBatch): Promise<void> {
    const { device, timers, ackDeadlineMs, counters } = this.#options;
    counters.sent += 1;
    return new Promise((resolve, reject) => {
      const ended = (): void => settle(new Error('the session ended'));
      const cancel = timers.after(ackDeadlineMs, () =>
        this.#fail('UPLINK_ACK_OVERDUE', `${ackDeadlineMs} ms.`),
      );
      const settle = (error: Error | undefined | null): void => {
        cancel();
        this.#waiting.delete(ended);
        if (error) {
          this.#fail('UPLINK_DISCONNECTED', error.message);
          reject(error);
          return;
        }
        counters.acknowledged += 1;
        this.#options.delivered?.(batch);
        resolve();
      };
      this.#waiting.add(ended);
      this.client.publish(batchTopic(device), Buffer.from(batch.payload), { qos: 1 }, (error) =>
        settle(error),
      );
    });
  }

  #received(topic: string, payload: Uint8Array): void {
    const { report } = this.#options;
    const kind = parseTopic(topic)?.kind;
    if (kind === 'command') {
      void this.#answer(topic, payload);
    } else if (kind === 'config/desired' && payload.length > 0) {
      const message = readDesiredMessage(payload);
      if (message) this.#options.desired(message);
      else report('UPLINK_MESSAGE_INVALID', topic);
    }
  }

  async #answer(topic: string, payload: Uint8Array): Promise<void> {
    const { device, commands, report } = this.#options;
    const reply = await answerCommand(payload, commands);
    if (reply === undefined) report('UPLINK_MESSAGE_INVALID', topic);
    else if (!this.#ending.signal.aborted)
      this.client.publish(replyTopic(device), JSON.stringify(reply), { qos: 1 });
  }

  async #publishRetained(topic: string, message: Status | Reported): Promise<void> {
    await this.client.publishAsync(topic, JSON.stringify(message), { qos: 1, retain: true });
  }

  #fail(code: ErrorCode, detail: string): void {
    if (this.#ending.signal.aborted) return;
    this.#options.report(code, detail);
    this.end();
  }
}
