/** The load of the gateway's benchmarks, in a process of its own: what it costs is not counted to anybody. */
import { LoadConnection } from './load-connection.ts';
import { payloadOf, topicOf } from './load-messages.ts';
import type { LoadMessage, LoadOrder, LoadReport } from './load-orders.ts';
import { publishPacket } from './wire-messages.ts';

/** Length of one step of a load with a rate. */
const stepMs = 2;
/** Free window from which a connection sends on: a write a message would measure this process. */
const refillPart = 0.5;

process.on('message', (message: LoadMessage) => {
  if (message.type === 'order') void prepare(message.order);
});

function tell(message: LoadMessage): void {
  process.send?.(message);
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

async function prepare(order: LoadOrder): Promise<void> {
  const load = new Load(order);
  await load.connect();
  process.on('message', (message: LoadMessage) => {
    if (message.type !== 'go') return;
    void load.run().then((report) => tell({ type: 'report', report }));
  });
  tell({ type: 'ready' });
}

class Load {
  readonly #order: LoadOrder;
  readonly #connections: LoadConnection[] = [];
  readonly #sentAtMs: Float64Array[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #done = Promise.withResolvers<undefined>();
  #left: number;
  #closed = 0;
  #isOver = false;

  constructor(order: LoadOrder) {
    this.#order = order;
    this.#left = order.clients.length * order.messagesPerClient;
  }

  async connect(): Promise<void> {
    const { clients, kind, messagesPerClient, messagesBefore = 0, readingsPerMessage, port } = this.#order;
    for (const [client, { device, password }] of clients.entries()) {
      const sentAtMs = new Float64Array(messagesPerClient);
      this.#sentAtMs.push(sentAtMs);
      const topic = topicOf(kind, device);
      const packets = Array.from({ length: messagesPerClient }, (_, index) =>
        publishPacket(
          topic,
          (index % 65_535) + 1,
          payloadOf(kind, device, messagesBefore + index + 1, readingsPerMessage),
        ),
      );
      let at = 0;
      const ends = Float64Array.from(packets, ({ length }) => (at += length));
      const connection = await LoadConnection.open({
        port,
        clientId: device,
        password,
        bytes: Buffer.concat(packets),
        ends,
        onAcknowledged: (index) => this.#acknowledged(client, index),
        onClosed: () => this.#lost(),
      });
      this.#connections.push(connection);
    }
  }

  async run(): Promise<LoadReport> {
    const startedAtMs = nowMs();
    if (this.#order.perSec === undefined) for (const index of this.#connections.keys()) this.#refill(index);
    else this.#pace(this.#order.perSec, startedAtMs);
    const { giveUpMs } = this.#order;
    const late =
      giveUpMs === undefined ? undefined : setTimeout(() => this.#done.resolve(undefined), giveUpMs);
    await this.#done.promise;
    clearTimeout(late);
    this.#isOver = true;
    for (const connection of this.#connections) connection.end();
    return {
      acknowledged: this.#connections.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      startedAtMs,
      endedAtMs: nowMs(),
      acknowledgeMs: this.#latenciesMs,
      firstClientSentAtMs: [...(this.#sentAtMs[0] ?? [])],
      lostConnections: this.#closed,
    };
  }

  #acknowledged(client: number, index: number): void {
    this.#latenciesMs.push(nowMs() - (this.#sentAtMs[client]?.[index] ?? NaN));
    this.#left -= 1;
    if (this.#left === 0) this.#done.resolve(undefined);
    else if (this.#order.perSec === undefined) this.#refill(client);
  }

  #refill(client: number): void {
    const connection = this.#connections[client];
    if (!connection) return;
    const { windowMessages } = this.#order;
    const free = windowMessages - (connection.sent - connection.acknowledged);
    if (free < windowMessages * refillPart) return;
    this.#send(client, connection, Math.min(connection.total, connection.sent + free));
  }

  #send(client: number, connection: LoadConnection, upTo: number): void {
    if (upTo <= connection.sent) return;
    this.#sentAtMs[client]?.fill(nowMs(), connection.sent, upTo);
    connection.send(upTo);
  }

  /** Spreads the rate over the connections in turn. */
  #pace(perSec: number, startedAtMs: number): void {
    const total = this.#left;
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((nowMs() - startedAtMs) * perSec) / 1000));
      const upTo = this.#connections.map(({ sent: from }) => from);
      for (; sent < due; sent++) {
        const client = sent % upTo.length;
        upTo[client] = (upTo[client] ?? 0) + 1;
      }
      for (const [client, connection] of this.#connections.entries()) {
        this.#send(client, connection, upTo[client] ?? 0);
      }
      if (sent === total) clearInterval(timer);
    }, stepMs);
  }

  /** What was not acknowledged when its connection ended stays so. */
  #lost(): void {
    if (this.#isOver) return;
    this.#closed += 1;
    if (this.#closed === this.#connections.length) this.#done.resolve(undefined);
  }
}
