import { createServer } from 'node:net';
import { FieldlineError } from '@fieldline/protocol';

/** Throws CLI_PORT_BUSY where somebody else listens on `port` of loopback; 0 is never busy. */
export function requireFreePort(port: number, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) =>
      reject(
        new FieldlineError('CLI_PORT_BUSY', { subject: `port ${port}`, detail: `Try ${flag} 0.`, cause }),
      ),
    );
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve()));
  });
}
