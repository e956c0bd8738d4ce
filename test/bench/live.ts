import type { Batch } from '@fieldline/protocol';
import { FrameBuilder } from '../../gateway/src/sinks/live/frame-builder.ts';
import { binaryMessage } from '../../gateway/src/sinks/live/sent-frame.ts';
import { messagePayload } from '../../gateway/src/sinks/live/websocket-frame.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { measureFrozen } from './live/frozen-viewer.ts';
import {
  bareSide,
  batchesBeforehand,
  hubSide,
  jsonSide,
  measureSide,
  type LiveFigures,
} from './live/live-sides.ts';
import { Viewers } from './live/viewers.ts';

const runs = 9;

/**
 * `live`: 1,000 streams, each with one new reading a display frame, to 200 viewers who watch all of them. Updates of a stream that
 * reach a viewer, a second of processor time of the serving process; beside `ws` with an array of objects and
 * `JSON.stringify` for each viewer; then bytes an update; then beside bare `ws` that sends the same bytes, made beforehand;
 * then the 99th percentile from PUBLISH to PUBACK of a gateway with a viewer that reads nothing, beside one without.
 *
 * Caveats: the viewers run in a process of their own, whose work is not counted; but on one machine what the kernel does for them at
 * the delivery is counted as the sender's, and it is more for a viewer who has sent something himself (a sixth to a quarter of
 * the whole, since he acknowledges later). So the viewers of every side say once that they want everything. Each frame waits until
 * all viewers have the one before, so no frame is left out on either side. The gateway's side takes decoded batches: decoding belongs to ingest.
 */
export async function runLive(): Promise<BenchResult[]> {
  const viewers = Viewers.start();
  const ours: LiveFigures[] = [];
  const json: LiveFigures[] = [];
  const bare: LiveFigures[] = [];
  const batches = batchesBeforehand();
  const frames = framesBeforehand(batches);
  try {
    for (let run = 0; run < runs; run++) {
      // What one side leaves to the collector the next one pays for: each is as often behind the one as behind the other.
      const sides = [
        async () => ours.push(await measureSide(hubSide(batches), viewers)),
        async () => json.push(await measureSide(jsonSide(batches), viewers)),
        async () => bare.push(await measureSide(bareSide(frames), viewers)),
      ];
      for (const side of run % 2 === 0 ? sides : sides.toReversed()) await side();
    }
  } finally {
    await viewers.end();
  }
  const result = (
    name: string,
    unit: string,
    figure: keyof LiveFigures,
    peer: LiveFigures[],
    peerName: string,
  ) =>
    benchResult({
      name,
      unit,
      ours: ours.map((each) => each[figure]),
      peer: { name: peerName, values: peer.map((each) => each[figure]) },
      packages: ['ws'],
    });
  return [
    result('live', 'client updates/CPU s', 'updatesPerCpuSec', json, 'ws, JSON.stringify for each client'),
    result('live: bytes', 'bytes/update', 'bytesPerUpdate', json, 'an array of JSON objects'),
    result('live: bare', 'client updates/CPU s', 'updatesPerCpuSec', bare, 'bare ws, the same bytes'),
    await measureFrozen(),
  ];
}

/** The bytes that the hub would send of these batches, without the head of the WebSocket's frame. */
function framesBeforehand(batches: readonly Batch[][]): Uint8Array[] {
  const builder = new FrameBuilder();
  return batches.map((ofFrame, index) => {
    for (const batch of ofFrame) builder.add(batch);
    return messagePayload(binaryMessage(builder.take(index + 1)));
  });
}
