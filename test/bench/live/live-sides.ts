import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressInfo } from 'node:net';
import type { Batch } from '@fieldline/protocol';
import { liveBinaryProtocol } from '@fieldline/protocol/live';
import { WebSocketServer, type WebSocket } from 'ws';
import { StreamIndex } from '../../../gateway/src/query/stream-index.ts';
import { LiveClient } from '../../../gateway/src/sinks/live/live-client.ts';
import { LiveHub } from '../../../gateway/src/sinks/live/live-hub.ts';
import { LiveLoad, plainObjects } from './live-load.ts';
import type { Viewers } from './viewers.ts';

/** The size of the comparison. */
export const liveSize = {
  streams: 1000,
  viewers: 200,
  frames: 300,
  jsonFrames: 30,
  warmUpFrames: 20,
  distinctFrames: 20,
} as const;

/** What one side did in one run. */
export interface LiveFigures {
  /** Updates of single streams that reached single viewers, a second of processor time of the serving process. */
  readonly updatesPerCpuSec: number;
  /** Bytes on the wire a stream's update to one viewer. */
  readonly bytesPerUpdate: number;
}

/** One way of serving: sends frame after frame to every viewer who has said what it wants; answers the bytes that each viewer got. */
interface Side {
  /** Frames that are measured: a side that takes long over each needs fewer. */
  readonly frames: number;
  readonly protocols: readonly string[];
  readonly isBinary: boolean;
  serve(socket: WebSocket, stream: Duplex): void;
  /** Whether every viewer that connected is ready for frames. */
  ready(): boolean;
  frame(): number;
  end(): void;
}

/** What frames bring, again and again: made before any side is measured, and few, so that none pays for their memory. */
export function batchesBeforehand(): Batch[][] {
  const load = new LiveLoad(liveSize.streams);
  return Array.from({ length: liveSize.distinctFrames }, () => load.next());
}

/** The gateway's hub: batches in, one binary frame for all. */
export function hubSide(batches: readonly Batch[][]): Side {
  const nowUs = (): number => Date.now() * 1000;
  const hub = new LiveHub({ streams: new StreamIndex(), devices: () => [], nowUs });
  let offset = 0;
  let next = 0;
  let subscribed = 0;
  return {
    frames: liveSize.frames,
    protocols: [liveBinaryProtocol],
    isBinary: true,
    serve: (socket, stream) => {
      const client = new LiveClient(socket, stream, { nowMs: () => Date.now(), isBinary: true });
      hub.add(client);
      socket.on('close', () => hub.remove(client));
      socket.on('message', () => {
        hub.subscribe(client, { type: 'subscribe', streams: ['*'] });
        subscribed++;
      });
    },
    ready: () => subscribed === liveSize.viewers,
    frame: () => {
      const before = hub.bytesSent;
      hub.take(
        (batches[next++ % batches.length] ?? []).map((batch) => ({
          offset: offset++,
          batch,
          receivedAtUs: 0,
        })),
      );
      hub.flush();
      return (hub.bytesSent - before) / liveSize.viewers;
    },
    end: () => hub.close(),
  };
}

/** What a plain program does: an object a stream, and JSON for each viewer. */
export function jsonSide(batches: readonly Batch[][]): Side {
  const sockets: WebSocket[] = [];
  let next = 0;
  return {
    frames: liveSize.jsonFrames,
    protocols: [],
    isBinary: false,
    serve: (socket) => void socket.once('message', () => sockets.push(socket)),
    ready: () => sockets.length === liveSize.viewers,
    frame: () => {
      const updates = plainObjects(batches[next++ % batches.length] ?? []);
      let sizeBytes = 0;
      for (const socket of sockets) {
        const json = JSON.stringify(updates);
        sizeBytes = json.length;
        socket.send(json);
      }
      return sizeBytes;
    },
    end: () => undefined,
  };
}

/** `ws` alone: sends frames that are given, made before the time is taken. */
export function bareSide(frames: readonly Uint8Array[]): Side {
  const sockets: WebSocket[] = [];
  let next = 0;
  return {
    frames: liveSize.frames,
    protocols: [],
    isBinary: true,
    serve: (socket) => void socket.once('message', () => sockets.push(socket)),
    ready: () => sockets.length === liveSize.viewers,
    frame: () => {
      const bytes = frames[next++ % frames.length] ?? new Uint8Array(0);
      for (const socket of sockets) socket.send(bytes, { binary: true });
      return bytes.length;
    },
    end: () => undefined,
  };
}

/** Serves one side to the viewers, a frame when all have the one before, and takes the processor time of it. */
export async function measureSide(side: Side, viewers: Viewers): Promise<LiveFigures> {
  const { server, url } = await serve(side);
  await viewers.open({
    url,
    viewers: liveSize.viewers,
    protocols: side.protocols,
    isBinary: side.isBinary,
    expected: liveSize.viewers,
  });
  while (!side.ready()) await new Promise((resolve) => setImmediate(resolve));
  let sizeBytes = 0;
  let sent = 0;
  const send = async (frames: number): Promise<void> => {
    for (let frame = 0; frame < frames; frame++) {
      sizeBytes += side.frame();
      sent++;
      await viewers.received(sent * liveSize.viewers);
    }
  };
  await send(liveSize.warmUpFrames);
  sizeBytes = 0;
  const before = process.cpuUsage();
  await send(side.frames);
  const { user, system } = process.cpuUsage(before);
  viewers.closeSockets();
  side.end();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  const updates = side.frames * liveSize.streams;
  return {
    updatesPerCpuSec: (updates * liveSize.viewers) / ((user + system) / 1e6),
    bytesPerUpdate: sizeBytes / updates,
  };
}

async function serve(side: Side): Promise<{ server: Server; url: string }> {
  const server = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(liveBinaryProtocol) ? liveBinaryProtocol : false),
  });
  server.on('upgrade', (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket) => side.serve(socket, stream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
