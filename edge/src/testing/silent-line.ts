import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A line between a client and a broker that can go silent: both ends stay open, and nothing comes through any
 * more, as when a mobile network forgets a connection.
 */
export class SilentLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isSilent = false;

  static async to(port: number): Promise<SilentLine> {
    const line = new SilentLine(port);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
      }
      this.#carry(near, far);
      this.#carry(far, near);
    });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on bytes are taken and never handed on. */
  goSilent(): void {
    this.#isSilent = true;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #carry(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (!this.#isSilent) to.write(chunk);
    });
    from.on('close', () => {
      if (!this.#isSilent) to.destroy();
    });
  }
}
