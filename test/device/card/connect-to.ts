import { once } from 'node:events';
import type { Socket } from 'node:net';
import { eventually } from '../../services/wait.ts';

/** Connects as soon as the other side listens; throws once it is over. */
export async function connectTo(connect: () => Socket, isOver: () => boolean): Promise<Socket> {
  const found = await eventually('the emulator', async () => {
    if (isOver()) return null;
    const socket = connect();
    await once(socket, 'connect');
    return socket;
  });
  if (found === null) throw new Error('the emulator has ended');
  // The emulator may be killed at any moment: what waits for its end says so.
  return found.on('error', () => undefined);
}
