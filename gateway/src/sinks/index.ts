import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { batchTopic, FieldlineError } from '@fieldline/protocol';
import type { OpenedSinks, SinkContext } from '../parts.ts';
import type { Store } from '../query/store.ts';
import { StreamIndex } from '../query/stream-index.ts';
import { LiveFeed } from './live/live-feed.ts';
import { storeRegistry } from './registry.ts';
import { forgetRemovedStores } from './removed-stores.ts';
import { runningSink } from './running-sink.ts';
import type { RefusedPart, Sink } from './sink.ts';
import { SinkRunner } from './sink-runner.ts';

/** How long the start waits for the primary store; after that it goes on opening behind the running gateway. */
const startWaitMs = 3000;

/**
 * Makes the stores that the configuration names and the live feed, and starts their runners:
 *
 * ```
 * journal ─┬─► runner ─► primary store ─► ledger (committed, refused)
 *          ├─► runner ─► other stores
 *          ├─► runner ─► rules of alerts
 *          └─► runner ─► live feed ─► stream index, live socket
 * ```
 */
export async function openSinks(context: SinkContext): Promise<OpenedSinks> {
  await forgetRemovedStores(context, context.config.stores);
  const stores = context.config.stores.map((name) => storeRegistry[name](context));
  const [primary] = stores;
  if (!primary)
    throw new FieldlineError('CONFIG_INVALID_VALUE', { subject: 'stores', detail: 'No store is named.' });
  const index = new StreamIndex();
  const live = new LiveFeed();
  live.listen((entries) => {
    for (const { batch, receivedAtUs } of entries) {
      index.feed(batch);
      context.way.journaled(batch, receivedAtUs);
    }
  });
  const primaryRunner = makePrimaryRunner(context, primary, index);
  const others = stores.slice(1).map((sink) => makeRunner(context, sink));
  const followers = [makeRunner(context, context.alertSink), makeRunner(context, live, { startAt: 'end' })];
  const runners = [primaryRunner, ...others, ...followers];
  for (const runner of runners) runner.start();
  await Promise.race([primaryRunner.opened, delay(startWaitMs, undefined, { ref: false })]);
  return {
    storeName: primary.name,
    store: primary,
    sinks: runners.map(runningSink),
    streams: index,
    live,
    sensorToStore: primaryRunner.statistics.sensorLatency,
    counters: () => stores.flatMap((store) => store.counters?.() ?? []),
    drained: (deadlineUs) => drained(context, runners, deadlineUs),
    stop: async () => {
      await Promise.all(runners.map((runner) => runner.stop()));
    },
  };
}

type RunnerExtras = Partial<
  Pick<ConstructorParameters<typeof SinkRunner>[0], 'startAt' | 'onOpened' | 'onCommitted' | 'onRefused'>
>;

function makeRunner(context: SinkContext, sink: Sink, extras: RunnerExtras = {}): SinkRunner {
  return new SinkRunner({
    sink,
    log: context.log.reader(),
    logger: context.logger.child({ part: 'sinks' }),
    startAt: 'cursor',
    onRefused: (_name, parts) => deadLetter(context, parts),
    nowUs: () => context.clock.nowUs(),
    random: () => randomBytes(4).readUInt32LE() / 2 ** 32,
    ...extras,
  });
}

function makePrimaryRunner(context: SinkContext, primary: Sink & Store, index: StreamIndex): SinkRunner {
  const { account } = context;
  return makeRunner(context, primary, {
    onOpened: async (offset) => {
      await account.resumedAt(offset);
      await restoreIndex(context, primary, index);
    },
    onCommitted: (entries) => {
      account.committed(entries);
      for (const { batch } of entries) index.feed(batch);
    },
    onRefused: (_name, parts) => {
      for (const refusal of sumRefusals(parts)) account.refused(refusal);
      deadLetter(context, parts);
    },
  });
}

interface StreamRefusal {
  readonly offset: number;
  readonly device: string;
  readonly stream: string;
  readonly readings: number;
}

/** One sum an entry and stream: the account takes each such cause once, however often it is told. */
export function sumRefusals(parts: readonly RefusedPart[]): StreamRefusal[] {
  const sums = new Map<string, StreamRefusal>();
  for (const { offset, device, counts } of parts) {
    for (const [name, readings] of Object.entries(counts)) {
      const stream = `${device}/${name}`;
      const before = sums.get(`${offset} ${stream}`)?.readings ?? 0;
      sums.set(`${offset} ${stream}`, { offset, device, stream, readings: before + readings });
    }
  }
  return [...sums.values()];
}

/** Streams that the store cannot tell now appear as soon as their devices send again. */
async function restoreIndex({ logger }: SinkContext, store: Store, index: StreamIndex): Promise<void> {
  try {
    index.restore(await store.streams());
  } catch (error) {
    logger.warn({ err: error }, 'The store did not list its streams; they appear as their devices send');
  }
}

function deadLetter({ deadLetters }: SinkContext, parts: readonly RefusedPart[]): void {
  for (const { device, code, detail, payload } of parts) {
    deadLetters.add({
      device,
      topic: batchTopic(device),
      code,
      detail,
      payload,
      sizeBytes: payload.byteLength,
    });
  }
}

/** True once every runner has stored what the journal held at the call. */
async function drained(
  context: SinkContext,
  runners: readonly SinkRunner[],
  deadlineUs: number,
): Promise<boolean> {
  const end = context.log.nextOffset;
  const signal = AbortSignal.timeout(Math.max(0, Math.round((deadlineUs - context.clock.nowUs()) / 1000)));
  const reached = await Promise.all(runners.map((runner) => runner.storedUpTo(end, signal)));
  return reached.every(Boolean);
}
