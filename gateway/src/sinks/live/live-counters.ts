import type { Counter } from '../../parts.ts';
import type { LiveHub } from './live-hub.ts';

/** What viewers were sent and were not, for `/metrics`. */
export function liveCounters(hub: LiveHub): Counter[] {
  return [
    one('fieldline_live_viewers', 'Open live sockets.', 'gauge', hub.viewers),
    one(
      'fieldline_live_viewers_lagging',
      'Live sockets that have not taken what they were sent.',
      'gauge',
      hub.laggingViewers,
    ),
    one(
      'fieldline_live_viewers_cut_total',
      'Live sockets cut since they did not keep up.',
      'counter',
      hub.cut,
    ),
    one('fieldline_live_frames_sent_total', 'Frames written to live sockets.', 'counter', hub.framesSent),
    one('fieldline_live_bytes_sent_total', 'Bytes of these frames.', 'counter', hub.bytesSent),
    one(
      'fieldline_live_rows_skipped_total',
      'Readings and windows that slow live sockets were not sent.',
      'counter',
      hub.rowsSkipped,
    ),
  ];
}

function one(name: string, help: string, kind: Counter['kind'], value: number): Counter {
  return { name, help, kind, samples: [{ labels: {}, value }] };
}
