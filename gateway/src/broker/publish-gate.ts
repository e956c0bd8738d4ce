import type { Client, PublishPacket } from 'aedes';
import { parseTopic, type ErrorCode } from '@fieldline/protocol';
import type { DeviceCommands } from '../devices/device-commands.ts';
import { readDeviceMessage } from '../devices/device-message.ts';
import type { DeviceRegistry } from '../devices/device-registry.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Dialects } from '../ingest/dialects/dialects.ts';
import { RepeatedMessages } from '../ingest/dialects/repeated-messages.ts';
import type { BurstLog } from '../logging/burst-log.ts';
import { judgePublish } from './access-rules.ts';
import type { BrokerStatistics } from './broker-statistics.ts';
import type { OversizedPublish } from './swallowed-publish.ts';

/** Topic of what goes no further. Nobody can subscribe to it. */
const nowhereTopic = '$fieldline/nowhere';

const noBytes = Buffer.alloc(0);

/** Why a connection is closed instead of acknowledging; ingest has told the operator. */
export const unavailable = 'the gateway cannot store now';

/** Answers a PUBLISH: nothing lets it be acknowledged, an error closes the connection instead. */
type Answer = (error?: Error | null) => void;

/** What the gate asks and tells. */
export interface PublishGateParts {
  readonly ingest: Ingest;
  readonly dialects: Pick<Dialects, 'mayPublish' | 'take'>;
  readonly registry: DeviceRegistry;
  readonly commands: DeviceCommands;
  readonly statistics: BrokerStatistics;
  readonly bursts: BurstLog;
}

/**
 * The one hook of aedes that runs before the PUBACK and can wait (`authorizePublish`). A batch is answered
 * when it is durable. What the rules deny is answered as well, and discarded by rewriting it: an error would
 * close the connection, and a device that sends the same message again would never get past it.
 */
export class PublishGate {
  readonly #parts: PublishGateParts;
  readonly #repeated = new RepeatedMessages();

  constructor(parts: PublishGateParts) {
    this.#parts = parts;
  }

  /** A PUBLISH, or a will: aedes notes in those for whom it keeps them. */
  authorize(client: Client | null, packet: PublishPacket, answer: Answer): void {
    const hasLeft = !client || client.closed;
    if (hasLeft || 'brokerId' in packet) {
      this.#takeWill(packet, hasLeft);
      answer();
      return;
    }
    const { statistics, registry } = this.#parts;
    const startedAtMs = statistics.publishArrived();
    const answered: Answer = (error) => {
      statistics.publishAnswered(startedAtMs);
      answer(error);
    };
    if (!registry.isAdmitted(client.id)) {
      answered(new Error('revoked'));
      return;
    }
    registry.seen(client.id);
    if (this.#parts.dialects.mayPublish(client.id, packet.topic)) {
      void this.#takeDialect(client.id, packet, answered);
      return;
    }
    this.#judge(client.id, packet, answered);
  }

  /** A PUBLISH that was too large to be let through. Answers whether it may be acknowledged. */
  takeOversized(device: string, publish: OversizedPublish): boolean {
    const judgement = judgePublish(device, { topic: publish.topic, qos: 1, retain: false });
    if (judgement.kind === 'denied') {
      this.#count(judgement.code, device, judgement.detail);
      return true;
    }
    const { topic, payload, sizeBytes } = publish;
    return this.#parts.ingest.takeOversized({ device, topic, payload }, sizeBytes) !== 'unavailable';
  }

  #judge(device: string, packet: PublishPacket, answer: Answer): void {
    const judgement = judgePublish(device, packet);
    if (judgement.kind === 'denied') {
      void this.#deny(device, packet, judgement, answer);
    } else if (judgement.kind === 'message') {
      this.#takeMessage(device, packet, judgement.message);
      answer();
    } else {
      void this.#takeBatch(device, packet, answer);
    }
  }

  /** Any QoS, retained or not, as real devices send them. Only QoS 0 has no acknowledgement to hold back. */
  async #takeDialect(account: string, packet: PublishPacket, answer: Answer): Promise<void> {
    const { topic, messageId } = packet;
    const payload = bytesOf(packet);
    const isNumbered = packet.qos > 0 && messageId !== undefined;
    const numbered = { packetId: messageId ?? 0, topic, payload };
    const isRepeated = isNumbered && packet.dup && this.#repeated.has(account, numbered);
    const outcome = isRepeated ? 'duplicate' : await this.#parts.dialects.take({ account, topic, payload });
    if (isNumbered && outcome !== 'unavailable') this.#repeated.add(account, numbered);
    discard(packet);
    answer(outcome === 'unavailable' && packet.qos > 0 ? new Error(unavailable) : null);
  }

  async #takeBatch(device: string, packet: PublishPacket, answer: Answer): Promise<void> {
    const payload = bytesOf(packet);
    const outcome = await this.#parts.ingest.take({ device, topic: packet.topic, payload });
    discard(packet);
    answer(outcome === 'unavailable' ? new Error(unavailable) : null);
  }

  #takeMessage(
    device: string,
    packet: PublishPacket,
    kind: 'status' | 'config/reported' | 'command/reply',
  ): void {
    const read = readDeviceMessage(kind, bytesOf(packet));
    if (!read.ok) {
      this.#count(read.refusal.code, `${device} ${kind}`, read.refusal.detail);
      discard(packet);
      return;
    }
    const message = read.value;
    if (message.kind === 'status') this.#parts.registry.setStatus(device, message.status);
    if (message.kind === 'config/reported') this.#parts.registry.setReported(device, message.reported);
    if (message.kind === 'command/reply') this.#parts.commands.replied(device, message.reply);
    // aedes keeps what comes with QoS 2 until PUBREL, a thousand of them; nobody may hear these topics.
    if (packet.qos === 2) discard(packet);
  }

  /** A denied batch holds readings: it becomes a dead letter, so that a person can find out whose they are. */
  async #deny(
    device: string,
    packet: PublishPacket,
    about: { readonly code: ErrorCode; readonly detail: string },
    answer: Answer,
  ): Promise<void> {
    const { topic } = packet;
    const payload = bytesOf(packet);
    discard(packet);
    if (parseTopic(topic)?.kind !== 'batch') {
      this.#count(about.code, device, about.detail);
      answer();
      return;
    }
    this.#parts.statistics.count(about.code);
    const kept = await this.#parts.ingest.keepDenied({ device, topic, payload }, about);
    answer(kept === 'refused' ? null : new Error(unavailable));
  }

  /**
   * The only will that a device may leave is its own status with `online: false`. Another one is discarded,
   * not answered with an error: aedes throws that where nobody can catch it. After a jump of the clock aedes
   * takes itself for dead and publishes the wills of open sessions too: those say nothing, and stay as they
   * are, since their clients leave with them later.
   */
  #takeWill(packet: PublishPacket, hasLeft: boolean): void {
    const device = 'clientId' in packet ? String(packet.clientId) : undefined;
    if (device !== undefined && this.#parts.dialects.mayPublish(device, packet.topic)) {
      // What a bridge leaves behind is a message as any other of it: a Sparkplug node's death, “Offline”.
      if (hasLeft)
        void this.#parts.dialects.take({ account: device, topic: packet.topic, payload: bytesOf(packet) });
      discard(packet);
      return;
    }
    const topic = parseTopic(packet.topic);
    const read = readDeviceMessage('status', bytesOf(packet));
    const isOwn = device !== undefined && topic?.device === device && topic.kind === 'status';
    const status = read.ok && read.value.kind === 'status' ? read.value.status : undefined;
    if (isOwn && status?.online === false) {
      if (hasLeft) this.#parts.registry.setStatus(device, status);
      return;
    }
    this.#count('WILL_DENIED', device ?? 'a client that left', read.ok ? '' : read.refusal.detail);
    discard(packet);
  }

  #count(code: ErrorCode, subject: string, detail: string): void {
    this.#parts.statistics.count(code);
    this.#parts.bursts.report(code, subject, detail);
  }
}

function discard(packet: PublishPacket): void {
  packet.topic = nowhereTopic;
  packet.payload = noBytes;
  packet.retain = false;
}

function bytesOf({ payload }: PublishPacket): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}
