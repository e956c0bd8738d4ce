/** The peer of `gateway-idle`: aedes as its README starts it, open to everybody. */
import { createServer, type AddressInfo } from 'node:net';
import { Aedes } from 'aedes';

const aedes = await Aedes.createBroker();
const server = createServer((socket) => void aedes.handle(socket));
server.listen(0, '127.0.0.1', 8192, () => {
  const { port } = server.address() as AddressInfo;
  process.send?.(port);
});
