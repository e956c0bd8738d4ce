/**
 * The viewers of the benchmark `live`, in a process of their own: opens the sockets that it is told to, subscribes to
 * everything, and reports how many frames came. Talks JSON over the channel of `fork`.
 */
import { WebSocket } from 'ws';
import type { ViewersOrder, ViewersReport } from './viewers.ts';

const sockets: WebSocket[] = [];
let messages = 0;

process.on('message', (order: ViewersOrder) => {
  if (order.kind === 'open') void open(order);
  if (order.kind === 'close') for (const socket of sockets.splice(0)) socket.terminate();
});

async function open({
  url,
  viewers,
  protocols,
  isBinary: areBinary,
  expected,
}: Extract<ViewersOrder, { kind: 'open' }>) {
  messages = 0;
  const opened = Array.from({ length: viewers }, () => {
    const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false });
    sockets.push(socket);
    socket.on('message', (_data, isBinary) => {
      // Snapshots and tables, which are text, come before the first binary frame.
      if (isBinary !== areBinary) return;
      messages++;
      if (messages % expected === 0) report({ kind: 'received', messages });
    });
    return new Promise<void>((resolve, reject) => {
      socket.once('open', () => {
        socket.send(JSON.stringify({ type: 'subscribe', streams: ['*'] }));
        resolve();
      });
      socket.once('error', reject);
    });
  });
  await Promise.all(opened);
  report({ kind: 'opened' });
}

function report(what: ViewersReport): void {
  process.send?.(what);
}
