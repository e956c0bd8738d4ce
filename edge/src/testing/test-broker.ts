import { createServer, type AddressInfo, type Socket } from 'node:net';
import { decodeBatch, parseTopic, type Batch } from '@fieldline/protocol';
import { Aedes } from 'aedes';

/** A message as it arrived. */
export interface Arrival {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

/** A real aedes on a free port of the loopback, which keeps what arrives. */
export class TestBroker {
  readonly arrivals: Arrival[] = [];
  readonly batches: Batch[] = [];
  readonly connects: number[] = [];
  port = 0;
  /** While set, PUBLISH packets wait in the hook that runs before the PUBACK. */
  hold: Promise<void> | undefined;
  readonly #aedes: Aedes;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();

  static async start(port = 0): Promise<TestBroker> {
    const aedes = await Aedes.createBroker();
    const broker = new TestBroker(aedes);
    await new Promise<void>((resolve) => broker.#server.listen(port, '127.0.0.1', resolve));
    broker.port = (broker.#server.address() as AddressInfo).port;
    return broker;
  }

  private constructor(aedes: Aedes) {
    this.#aedes = aedes;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    aedes.authenticate = (client, username, password, done) => {
      this.connects.push(performance.now());
      done(null, password?.toString() === 'secret' && username === client.id);
    };
    aedes.authorizePublish = (_client, packet, done) => {
      const payload = Buffer.from(packet.payload);
      void Promise.resolve(this.hold).then(() => {
        this.#keep({ topic: packet.topic, payload, retain: packet.retain });
        done(null);
      });
    };
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Publishes as the gateway would. */
  publish(topic: string, message: unknown, retain = false): void {
    const payload = Buffer.from(JSON.stringify(message));
    this.#aedes.publish({ cmd: 'publish', dup: false, qos: 1, topic, payload, retain }, () => undefined);
  }

  /** The last JSON message on a topic. */
  last(topic: string): unknown {
    const arrival = this.arrivals.findLast((each) => each.topic === topic);
    return arrival && JSON.parse(arrival.payload.toString());
  }

  /** Cuts every connection. */
  kick(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.kick();
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #keep(arrival: Arrival): void {
    this.arrivals.push(arrival);
    if (parseTopic(arrival.topic)?.kind !== 'batch') return;
    const decoded = decodeBatch(arrival.payload);
    if (!decoded.ok) throw new Error(decoded.refusal.detail);
    this.batches.push(decoded.value);
  }
}
