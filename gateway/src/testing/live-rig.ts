import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import WebSocket from 'ws';
import { Admission } from '../api/admission.ts';
import { ownNames } from '../api/host-check.ts';
import { serveLiveSocket } from '../api/live-socket.ts';
import { StreamIndex } from '../query/stream-index.ts';
import { LiveHub } from '../sinks/live/live-hub.ts';
import { accessRig, type AccessRig } from './access-rig.ts';

/** The live socket alone, on a port of its own. */
export interface LiveRig {
  readonly url: string;
  readonly hub: LiveHub;
  readonly index: StreamIndex;
  readonly access: AccessRig;
  /** A client of the socket, cut off when the rig ends. */
  connect(about?: { headers?: Record<string, string>; protocols?: string[] }): WebSocket;
  end(): Promise<void>;
}

/** Serves the live socket to this machine; `nowUs`: the gateway's clock. */
export async function liveRig(nowUs: () => number): Promise<LiveRig> {
  const rig = accessRig();
  const index = new StreamIndex();
  const hub = new LiveHub({ streams: index, devices: () => [], nowUs });
  const server = createServer();
  const { access } = rig;
  const admission = new Admission(access, { own: ownNames([], []), isLocal: true });
  const doors = [{ server: { server }, admission }];
  const end = serveLiveSocket({ doors, path: '/api/v1/live', hub, access, nowUs });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/live`;
  const sockets: WebSocket[] = [];
  return {
    url,
    hub,
    index,
    access: rig,
    connect({ headers = {}, protocols = [] } = {}) {
      const socket = new WebSocket(url, protocols, { headers });
      sockets.push(socket);
      return socket;
    },
    async end() {
      for (const socket of sockets) socket.terminate();
      hub.close();
      end();
      server.close();
      await once(server, 'close');
      rig.end();
    },
  };
}
