import type { BenchResult } from './bench-result.ts';
import { runDashboardDay } from './dashboard-day.ts';
import { runDashboardFirstPage } from './dashboard-first-page.ts';
import { runDashboardFleet } from './dashboard-fleet.ts';
import { runDashboardLive } from './dashboard-live.ts';
import { runEdgeBacklog } from './edge-backlog.ts';
import { runEdgeDisk } from './edge-disk.ts';
import { runEdgeFootprint } from './edge-footprint.ts';
import { runEdgeNmea } from './edge-nmea.ts';
import { runEdgeAdc } from './edge-adc.ts';
import { runFlashImage } from './flash-image.ts';
import { runGatewayBatch } from './gateway-batch.ts';
import { runGatewayIdle } from './gateway-idle.ts';
import { runGatewayLatency } from './gateway-latency.ts';
import { runGatewaySingle } from './gateway-single.ts';
import { runJournalAppend } from './journal-append.ts';
import { runJournalDisk } from './journal-disk.ts';
import { runLive } from './live.ts';
import { runProtocolBytes, runProtocolDecode } from './protocol-columns.ts';
import { runStore } from './store.ts';
import { runStoreWrite } from './store-write.ts';

/** One benchmark of the `fieldline bench` command: it may answer several results, its main one first. */
export interface Benchmark {
  /** One line for the list. */
  readonly summary: string;
  readonly run: () => Promise<BenchResult[]>;
}

/** Every benchmark by its name. A new one is one line here. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  'protocol-bytes': { summary: 'bytes a reading on the wire, beside line protocol', run: runProtocolBytes },
  'protocol-decode': { summary: 'readings decoded a second, beside JSON.parse', run: runProtocolDecode },
  'edge-adc': {
    summary: 'ADC samples a second through the agent, beside a bare Welford loop',
    run: runEdgeAdc,
  },
  'gateway-batch': {
    summary: 'readings in batches of 100 stored in InfluxDB a second, beside bulk writes into it',
    run: runGatewayBatch,
  },
  'gateway-idle': {
    summary: 'memory of a quiet connection beside bare aedes, and how fast 5,000 devices reconnect',
    run: runGatewayIdle,
  },
  'gateway-latency': {
    summary: 'publish to queryable and to WebSocket frame, beside Mosquitto and a bridge',
    run: runGatewayLatency,
  },
  'gateway-single': {
    summary: 'messages of one reading stored in InfluxDB a second, beside Mosquitto and a bridge',
    run: runGatewaySingle,
  },
  'journal-append': {
    summary: 'durable appends a second, beside write and fdatasync',
    run: runJournalAppend,
  },
  'journal-disk': { summary: 'bytes written to disk a byte of payload, beside SQLite', run: runJournalDisk },
  'gateway-batch-embedded': {
    summary: 'readings in batches of 100 stored in the embedded store a second, beside rows of SQLite',
    run: runStoreWrite,
  },
  store: {
    summary: 'a day of 100 streams in minutes, beside DuckDB, rows of SQLite and InfluxDB',
    run: runStore,
  },
  live: {
    summary: 'updates to viewers a CPU second, beside ws with JSON.stringify for each',
    run: runLive,
  },
  'edge-nmea': { summary: 'bytes to fixes a second, beside nmea-simple on strings', run: runEdgeNmea },
  'edge-disk': {
    summary: 'bytes the agent writes to disk a byte of payload, beside SQLite',
    run: runEdgeDisk,
  },
  'edge-backlog': {
    summary: 'memory of the agent over a backlog of 24 hours, beside the limit of 128 MB',
    run: runEdgeBacklog,
  },
  'edge-footprint': {
    summary: 'memory and CPU of the bundled agent, beside a bare process with its libraries',
    run: runEdgeFootprint,
  },
  'flash-image': {
    summary: 'image of 1 GB written and read back a second, beside dd; and the memory it takes',
    run: runFlashImage,
  },
  'dashboard-live': {
    summary: '50 live series on one page: frames a second, longest task, heap; beside their limits',
    run: runDashboardLive,
  },
  'dashboard-fleet': {
    summary: 'the list of 10,000 devices: first row and scrolling, beside their limits',
    run: runDashboardFleet,
  },
  'dashboard-first-page': {
    summary: 'script and style of the first page, and when it answers, beside their limits',
    run: runDashboardFirstPage,
  },
  'dashboard-day': {
    summary: 'a day of 20 streams from the click to the charts, beside its limit',
    run: runDashboardDay,
  },
};
