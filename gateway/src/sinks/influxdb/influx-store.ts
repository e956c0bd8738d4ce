import { join } from 'node:path';
import {
  FieldlineError,
  refused,
  streamName,
  type Result,
  type StreamInfo,
  type StreamName,
} from '@fieldline/protocol';
import type { GatewayConfig } from '../../config/gateway-config.ts';
import { answerPageFrom, answerSeriesFrom, type SourceOf } from '../../query/answer-query.ts';
import type { Counter } from '../../parts.ts';
import type { PageAnswer, PageRequest, SeriesAnswer, SeriesRequest, Store } from '../../query/store.ts';
import type {
  JournaledBatch,
  RefusedPart,
  Sink,
  SinkFailure,
  SinkLogger,
  SinkOpening,
  SinkOutcome,
} from '../sink.ts';
import { batchToLines } from './batch-to-lines.ts';
import { withoutCredentials, type InfluxAddress } from './influx-address.ts';
import { InfluxHttp } from './influx-http.ts';
import { InTurn } from './in-turn.ts';
import { InfluxQueries } from './influx-queries.ts';
import { TooManyRows } from './point-source.ts';
import { codeOf, messageOf } from './query-failure.ts';
import { refusedPart } from './refused-line.ts';
import { repeatByTimer, type Repeat } from './repeat.ts';
import { InfluxRetention } from './retention/influx-retention.ts';
import { earliestUs, LateReadings, noteEntries } from './retention/late-readings.ts';
import { retireCounters } from './retention/retire-counters.ts';
import { retireEveryMs, RetireTurns, type RetireHost } from './retention/retire-turns.ts';
import type { RetiredReadings } from './retention/retired-readings.ts';
import { ensurePolicies, noRollups } from './rollups/ensure-policies.ts';
import { keepRollups, type InfluxKeepUs } from './rollups/grains.ts';
import { InfluxRollups } from './rollups/influx-rollups.ts';
import { noteBatch } from './rollups/note-batch.ts';
import { rollCounters } from './rollups/roll-counters.ts';
import { rollEveryMs, RollTurns } from './rollups/roll-turns.ts';
import { RolledSource } from './rollups/rolled-source.ts';
import { SeriesCache } from './series-cache.ts';
import { SinkMemory } from './sink-memory.ts';
import { StateFile } from './state-file.ts';
import { accountedCounts, newestTime, storedStreams } from './store-inventory.ts';
import { StreamCatalog } from './stream-catalog.ts';
import { LineWriter } from './write-lines.ts';

/** How often readings are counted beside shards that go; after that the shards wait. */
const countAttempts = 3;

/** A request costs InfluxDB a sync, and both a millisecond of processor time, whether it has one line or a hundred. */
const gatherMs = 5;

/** What the store is made from. */
export interface InfluxStoreOptions {
  readonly address: InfluxAddress;
  /** Folder of the state file. */
  readonly directory: string;
  readonly logger: SinkLogger;
  /** The device's own tags (`site`, …); none where absent. */
  readonly tagsOf?: (device: string) => Readonly<Record<string, string>>;
  /** How long the answer to a write may take, milliseconds. */
  readonly requestTimeoutMs?: number;
  /** How long rollups and readings are kept; for ever where it is left out. */
  readonly keepUs?: InfluxKeepUs;
  /** How often hours are looked for that are due to be rolled up, milliseconds. */
  readonly rollEveryMs?: number;
  /** Calls `work` every `everyMs` until what it answers is called; left out: the engine's own timer. */
  readonly repeat?: Repeat;
  /** Wall clock, µs UTC. */
  readonly nowUs?: () => number;
}

/**
 * InfluxDB as sink and store: 1.x, or with a token 2.x and 3.x. Points are written over HTTP by our own line protocol; the
 * package `influx` creates the database and asks. The position in the journal stands in a state file beside what names
 * points of equal times, so that whatever is written twice is the same points.
 */
export class InfluxStore implements Sink, Store {
  readonly name = 'influxdb';
  readonly gatherMs = gatherMs;
  readonly rebuilds = 'from the oldest';
  readonly #options: InfluxStoreOptions;
  readonly #http: InfluxHttp;
  readonly #lines: LineWriter;
  readonly #queries: InfluxQueries;
  /** Position in the journal, and what else belongs to it. */
  readonly #memory: SinkMemory;
  /** 2.x and 3.x keep no retention policies: there readings answer. */
  readonly #turns: RollTurns | undefined;
  #mayRoll = true;
  #isRolling = false;
  #stopRolling: (() => void) | undefined;
  readonly #late: LateReadings;
  readonly #retirement: RetireTurns | undefined;
  #stopRetiring: (() => void) | undefined;
  #isClosed = false;
  /** Everything below it may have been written, wholly or in part, by this process or by one before it. */
  #attemptedTo = 0;
  /** What is written, rolled up and forgotten meets nothing else that changes the same. */
  readonly #inTurn = new InTurn();
  /** The database was gone, and the journal has not been asked for from its start yet. */
  #owesRewind = false;
  readonly #catalog = new StreamCatalog();
  readonly #series = new SeriesCache();

  constructor(options: InfluxStoreOptions) {
    const { directory } = options;
    const address = withoutCredentials(options.address);
    this.#options = options;
    this.#http = new InfluxHttp(address, options.requestTimeoutMs);
    this.#lines = new LineWriter(this.#http);
    this.#queries = new InfluxQueries(address);
    const rollups = new InfluxRollups(
      this.#http,
      this.#queries,
      () => this.#retires || this.#memory.mayHaveLost,
    );
    this.#late = new LateReadings(this.#http);
    if (address.token === undefined) {
      this.#turns = new RollTurns(rollups, options.logger);
      this.#retirement = this.#makeRetirement(address.database);
    }
    this.#memory = new SinkMemory(StateFile.of(address, directory), options.logger);
  }

  /** Throws CONFIG_INVALID_VALUE where the configuration names no usable URL. */
  static fromConfig(
    config: GatewayConfig,
    about: Pick<InfluxStoreOptions, 'logger' | 'tagsOf' | 'nowUs'>,
  ): InfluxStore {
    const address = config.influxdb;
    if (!address || !URL.canParse(address.url) || !/^https?:/.test(address.url)) {
      const detail = `It is “${address?.url ?? ''}”; InfluxDB’s is such as http://127.0.0.1:8086.`;
      throw new FieldlineError('CONFIG_INVALID_VALUE', { subject: 'influxdb.url', detail });
    }
    const { keepUs, ...rest } = address;
    return new InfluxStore({ address: rest, keepUs, directory: join(config.home, 'sinks'), ...about });
  }

  /** `journalEnd`: the offset behind what may have been written by an earlier run. */
  open(journalEnd = 0): Promise<SinkOpening> {
    this.#attemptedTo = Math.max(this.#attemptedTo, journalEnd);
    return this.#inTurn.run(() => this.#open());
  }

  write(written: readonly JournaledBatch[]): Promise<SinkOutcome> {
    return this.#inTurn.run(() => this.#write(written));
  }

  async #open(): Promise<SinkOpening> {
    const failure = await this.#http.ping();
    if (failure) return { kind: 'retryable', failure };
    try {
      const isThere = await this.#queries.hasDatabase();
      if (!isThere) await this.#makeDatabase();
      this.#memory.restore();
      await this.#retirement?.finish();
      if (isThere) await this.#catalog.load(this.#queries);
      await this.#ensurePolicies();
    } catch (error) {
      return { kind: 'retryable', failure: this.#queryFailure(error) };
    }
    this.#isClosed = false;
    const { repeat = repeatByTimer, rollEveryMs: everyMs = rollEveryMs } = this.#options;
    if (this.#turns) this.#stopRolling ??= repeat(everyMs, () => void this.#roll());
    if (this.#retirement && this.#retires)
      this.#stopRetiring ??= repeat(retireEveryMs, () => void this.#retirement?.take());
    return { kind: 'ready', resumeAt: this.#memory.offset };
  }

  async #write(written: readonly JournaledBatch[]): Promise<SinkOutcome> {
    if (this.#owesRewind) return await this.#recreate(undefined);
    // What stands below the position has its points, and its times among those that are covered.
    const entries = written.filter(({ offset }) => offset >= this.#memory.offset);
    this.#attemptedTo = Math.max(this.#attemptedTo, (entries.at(-1)?.offset ?? -1) + 1);
    if (this.#memory.retired.dropping) {
      const failure = await this.#finishDrop();
      if (failure?.code === 'INFLUX_DATABASE_MISSING') return await this.#recreate(failure);
      if (failure) return { kind: 'retryable', failure };
    }
    this.#memory.separation.begin();
    this.#catalog.begin();
    this.#memory.retired.begin();
    this.#late.begin();
    noteEntries(entries, this.#memory.retired);
    await this.#noteTags(entries);
    for (const { batch } of entries) noteBatch(batch, this.#memory.rolled);
    const refusals = await this.#encode(entries);
    const outcome = await this.#lines.finish();
    if (outcome.kind === 'retryable') return outcome;
    if (outcome.kind === 'database-missing') return await this.#recreate(outcome.failure);
    const failure = await this.#late.write();
    if (failure) {
      // Somebody may have dropped the policy of a rollup.
      await this.#ensurePolicies().catch(() => undefined);
      return { kind: 'retryable', failure };
    }
    this.#memory.separation.keep();
    this.#catalog.keep();
    this.#memory.offset = (entries.at(-1)?.offset ?? this.#memory.offset - 1) + 1;
    this.#memory.retired.keep(this.#memory.offset);
    await this.#memory.saveInTime();
    const parts = [...refusals];
    for (const line of outcome.refused) {
      const entry = entries[line.entry];
      if (entry) parts.push(refusedPart(line, entry));
    }
    return parts.length > 0 ? { kind: 'refused', parts } : { kind: 'stored' };
  }

  /** Points are overwritten by themselves; which times are taken is worked out anew, as the journal tells it. */
  rebuild(offset: number): Promise<SinkOpening> {
    return this.#inTurn.run(async () => {
      this.#attemptedTo = Math.max(this.#attemptedTo, this.#memory.offset);
      await this.#memory.rebuild(offset);
      return { kind: 'ready', resumeAt: offset };
    });
  }

  /** Whether readings go that are too old. */
  get #retires(): boolean {
    return Number.isFinite(this.#options.keepUs?.readings ?? Infinity);
  }

  /** For `/metrics`. */
  counters(): readonly Counter[] {
    const retires = this.#retires || this.#memory.retired.total > 0;
    return [
      ...(this.#turns ? rollCounters(this.#turns) : []),
      ...(this.#retirement && retires ? retireCounters(this.#memory.retired, this.#retirement) : []),
    ];
  }

  query(request: SeriesRequest): Promise<Result<SeriesAnswer>> {
    return this.#answer(() => answerSeriesFrom(request, this.#sourceOf));
  }

  page(request: PageRequest): Promise<Result<PageAnswer>> {
    return this.#answer(() => answerPageFrom(request, this.#sourceOf));
  }

  async counts(): Promise<Map<StreamName, number>> {
    for (let attempt = 0; attempt < countAttempts; attempt++) {
      const retired = this.#memory.retired;
      const { drops } = retired;
      const counts = await accountedCounts(this.#queries, this.#catalog.list(), retired);
      // What was counted while shards began to go is counted again.
      if (retired === this.#memory.retired && retired.drops === drops) return counts;
    }
    const count = () => accountedCounts(this.#queries, this.#catalog.list(), this.#memory.retired);
    return await this.#inTurn.run(count);
  }

  streams(): Promise<StreamInfo[]> {
    return storedStreams(this.#queries, this.#catalog.list(), this.#memory.retired);
  }

  /**
   * Removes now what is older than it is kept. Ages count to the newest reading where the clock is ahead of it: a clock that
   * jumps by years must not empty the store. Rejects as `counts` does.
   */
  async retire(): Promise<void> {
    await this.#retirement?.retire();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopRolling?.();
    this.#stopRolling = undefined;
    this.#stopRetiring?.();
    this.#stopRetiring = undefined;
    await this.#inTurn.run(() => this.#memory.save());
    this.#http.close();
  }

  /** Rolls up for a while, when it is its turn; nothing where the turn before has not come yet. */
  async #roll(): Promise<void> {
    if (this.#isRolling || !this.#mayRoll || this.#owesRewind) return;
    if (!this.#turns?.isDue(this.#inTurn.isBusy)) return;
    this.#isRolling = true;
    await this.#inTurn.run(async () => {
      const work = {
        entries: this.#catalog.list(),
        rolled: this.#memory.rolled,
        nowUs: this.#nowUs(),
        isWaitedFor: () => this.#inTurn.isWaitedFor,
      };
      const before = this.#turns?.hours;
      // Its end or the loss of the database may have come first.
      if (this.#stopRolling && !this.#owesRewind) await this.#turns?.take(work);
      if (this.#turns?.hours !== before) await this.#memory.saveInTime();
    });
    this.#isRolling = false;
  }

  readonly #sourceOf: SourceOf = ({ device, sensor, quantity }, { fromUs, toUs }) => {
    const stream = streamName(device, sensor, quantity);
    const entry = this.#catalog.get(stream);
    const range = { device, sensor, quantity, fromUs, toUs };
    const { keepUs = keepRollups } = this.#options;
    const about = { queries: this.#queries, rolled: this.#memory.rolled, keepUs, nowUs: this.#nowUs() };
    const retiredUntilUs = this.#memory.retired.hasOf(stream) ? this.#memory.retired.goneUntilUs : -Infinity;
    return entry && new RolledSource({ ...about, range, entry, stream, retiredUntilUs });
  };

  #makeRetirement(database: string): RetireTurns {
    const { keepUs = keepRollups, logger }: { keepUs?: InfluxKeepUs; logger: SinkLogger } = this.#options;
    const parts = { http: this.#http, queries: this.#queries, database, keepUs };
    const retired = (): RetiredReadings => this.#memory.retired;
    const view = (): RetireHost['view'] => ({ entries: this.#catalog.list(), rolled: this.#memory.rolled });
    const host: RetireHost = {
      inTurn: this.#inTurn,
      get retired() {
        return retired();
      },
      get view() {
        return view();
      },
      nowUs: () => this.#nowUs(),
      newestUs: async () => newestTime(await this.streams()),
      isSettled: () =>
        !this.#isClosed && this.#mayRoll && !this.#owesRewind && this.#memory.offset >= this.#attemptedTo,
      save: () => this.#memory.saveDurably(),
    };
    return new RetireTurns(new InfluxRetention(parts), host, keepUs.readings ?? Infinity, logger);
  }

  /** Nothing is written before a drop that was begun has come to its end. */
  async #finishDrop(): Promise<SinkFailure | undefined> {
    try {
      await this.#retirement?.finish();
      return undefined;
    } catch (error) {
      return this.#queryFailure(error);
    }
  }

  async #answer<Value>(work: () => Promise<Result<Value>>): Promise<Result<Value>> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TooManyRows) return refused('QUERY_TOO_LARGE', error.message);
      return refused('QUERY_STORE_UNAVAILABLE', `${this.#http.subject}: ${messageOf(error)}`);
    }
  }

  /** Encodes the entries while what was encoded before is under way; ends early where that has failed. */
  async #encode(entries: readonly JournaledBatch[]): Promise<RefusedPart[]> {
    const refusals: RefusedPart[] = [];
    const lines = this.#lines;
    const retiredUs = this.#memory.retired.untilUs;
    lines.begin();
    for (const [entry, journaled] of entries.entries()) {
      const { offset, receivedAtUs } = journaled;
      const deviceTags = this.#memory.tags.of(journaled.batch.device);
      const options = {
        deviceTags,
        series: this.#series,
        separation: this.#memory.separation,
        offset,
        entry,
      };
      const start = lines.batch.lineCount;
      const refused = batchToLines(journaled.batch, lines.batch, options);
      if (refused.length > 0) refusals.push(...refused);
      if (retiredUs > -Infinity && earliestUs(journaled.batch) < retiredUs)
        this.#late.take(journaled, lines.batch, start, this.#memory.retired);
      this.#catalog.describe(journaled.batch, receivedAtUs, lines.batch, entry);
      if (lines.isFull && !(await lines.send())) break;
    }
    return refusals;
  }

  /**
   * Tags are part of a point's name: a changed tag is made durable, with the position, before it is used, so
   * that a repetition after a crash never writes older points under newer tags.
   */
  async #noteTags(entries: readonly JournaledBatch[]): Promise<void> {
    const { tagsOf } = this.#options;
    if (tagsOf && this.#memory.tags.note(entries, tagsOf)) await this.#memory.save();
  }

  /**
   * The database is gone, and its points with it: makes it again, and asks for the journal from its start.
   * `suspected`: only an internal error spoke for it; where the database is there, that is tried again.
   */
  async #recreate(suspected: SinkFailure | undefined): Promise<SinkOutcome> {
    const failure = this.#cannotMake(suspected);
    if (failure) return { kind: 'retryable', failure };
    try {
      if (suspected && (await this.#queries.hasDatabase())) return { kind: 'retryable', failure: suspected };
      this.#owesRewind = true;
      this.#memory.forget();
      await this.#makeDatabase();
      await this.#ensurePolicies();
    } catch (error) {
      return { kind: 'retryable', failure: this.#queryFailure(error, 'INFLUX_DATABASE_MISSING') };
    }
    this.#owesRewind = false;
    this.#turns?.startAnew();
    this.#options.logger.warn(
      { url: this.#http.subject },
      'The InfluxDB database was missing; it is filled again',
    );
    return { kind: 'rewind', offset: 0 };
  }

  /**
   * A bucket of 2.x is made by its administrator: until then it is tried again. Where it held something, the journal is
   * asked for from its start once.
   */
  #cannotMake(suspected: SinkFailure | undefined): SinkFailure | undefined {
    const { token, database } = this.#options.address;
    if (token === undefined || this.#memory.offset > 0) return undefined;
    const detail = `There is no bucket “${database}”, or the token may not see it.`;
    return suspected ?? { code: 'INFLUX_DATABASE_MISSING', subject: this.#http.subject, detail };
  }

  /** The position goes before the database comes: whatever happens in between, what it held is written again. */
  async #makeDatabase(): Promise<void> {
    this.#catalog.forget();
    await this.#memory.remove();
    await this.#queries.createDatabase();
  }

  /** Makes the retention policies of the rollups. */
  async #ensurePolicies(): Promise<void> {
    const { address, keepUs = keepRollups } = this.#options;
    if (!this.#turns) return;
    try {
      await ensurePolicies(this.#queries, address.database, keepUs);
      this.#mayRoll = true;
      // The last one: who may not do it has rollups nevertheless, and hears of it when readings are to go.
      await this.#retirement?.prepareStore().catch(() => undefined);
    } catch (error) {
      // Policies are an administrator's: a user who may only read and write stores without rollups.
      if (codeOf(messageOf(error)) !== 'INFLUX_UNAUTHORIZED') throw error;
      if (this.#mayRoll) this.#options.logger.warn({ err: error }, noRollups);
      this.#mayRoll = false;
    }
  }

  #nowUs(): number {
    return this.#options.nowUs?.() ?? Date.now() * 1000;
  }

  #queryFailure(error: unknown, code: SinkFailure['code'] = 'INFLUX_UNREACHABLE'): SinkFailure {
    if (error instanceof FieldlineError)
      return { code: error.code, subject: error.subject, detail: error.detail };
    const detail = messageOf(error);
    return { code: codeOf(detail) ?? code, subject: this.#http.subject, detail };
  }
}
