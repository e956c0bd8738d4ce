import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { inTransaction } from '../home/gateway-database.ts';
import type { JournaledBatch, Sink, SinkOpening, SinkOutcome } from '../sinks/sink.ts';
import { AlertBook, type KeptAlert } from './alert-book.ts';
import { AlertState } from './alert-state.ts';
import { alertLimits } from './alert-tables.ts';
import type { DeliveryBook } from './delivery/delivery-book.ts';
import { deliveryLimits } from './delivery/deliverer.ts';
import type { CompiledRule } from './evaluate/compiled-rule.ts';
import { advance, isLate, observe, type Step } from './evaluate/evaluate.ts';
import type { Observation, Transition } from './evaluate/track.ts';
import { observeBatch, type OnObservation } from './observe-batch.ts';
import type { RuleBook } from './rule-book.ts';
import type { SilenceBook } from './silence-book.ts';
import { Subjects, trackKey, type Lane, type Tracked, type WatchedByClock } from './subjects.ts';

/** How often what changed is written where nothing fires; a kill evaluates so much of the journal again. */
const saveIntervalUs = 1_000_000;

/** A backlog that has brought nothing for so long has ended, and with it what fired in it. */
const backlogIdleUs = 60_000_000;

/** What the engine stands on. */
export interface AlertEngineOptions {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: RuleBook;
  readonly silences: SilenceBook;
  readonly deliveries: DeliveryBook;
  /** The offset that the next batch of the journal will have. */
  readonly nextOffset: () => number;
  /** Something waits to be sent. */
  readonly onEnqueued: () => void;
}

/**
 * Evaluates the rules on the journal, in its order, as one of its sinks; and on what only the clock tells (`tick`,
 * `observeNow`).
 *
 * Everything that it knows is in memory, and written in one transaction with the offset up to which it has seen the
 * journal: at once where something fires or ends, else once a second. A restart evaluates the rest of the
 * journal again from there, and since evaluation depends on the readings alone it forgets nothing and tells nothing
 * twice.
 */
export class AlertEngine implements Sink {
  readonly name = 'alerts';
  readonly book: AlertBook;
  readonly #options: AlertEngineOptions;
  readonly #subjects = new Subjects(alertLimits.tracks);
  readonly #state: AlertState;
  readonly #startedAtUs: number;
  #seenTo = 0;
  /** When the newest evaluated batch was journaled. */
  #journaledAtUs = 0;
  #savedAtUs = Number.NEGATIVE_INFINITY;
  #dirty = false;
  #outbox: (() => void)[] = [];
  /** Readings that were older than what had been judged. */
  lateReadings = 0;

  constructor(options: AlertEngineOptions) {
    this.#options = options;
    this.#startedAtUs = options.clock.nowUs();
    this.book = new AlertBook(options.database);
    this.#state = new AlertState(options.database);
    this.#subjects.setRules(options.rules.enabled());
    this.#state.restore(options.rules, this.#subjects, this.#startedAtUs);
    this.#joinAlertsAndTracks();
    const { nextOffset } = options;
    // A gateway that has had no alerts begins with what comes: what was is for the back-test.
    this.#seenTo = Math.min(this.#state.seenTo() ?? nextOffset(), nextOffset());
  }

  /** Subjects that were not taken up, for want of room. */
  get subjectsLeft(): number {
    return this.#subjects.left;
  }

  async open(): Promise<SinkOpening> {
    return { kind: 'ready', resumeAt: this.#seenTo };
  }

  async write(entries: readonly JournaledBatch[]): Promise<SinkOutcome> {
    const observe: OnObservation = (tracked, observation) => this.#observe(tracked, observation);
    for (const { offset, batch, receivedAtUs } of entries) {
      // Evaluated already, where only the saving failed.
      if (offset < this.#seenTo) continue;
      observeBatch(this.#subjects, batch, observe);
      this.#seenTo = offset + 1;
      this.#journaledAtUs = receivedAtUs;
      this.#dirty = true;
    }
    return this.#saveWhenDue();
  }

  async close(): Promise<void> {
    this.#save();
  }

  /** Takes a figure of something that no batch carries: a device's last sign of life or its alarms, a stage, the ledger. */
  observeNow(follows: WatchedByClock, subject: string, observation: Observation): void {
    for (const tracked of this.#subjects.of(follows, subject)) this.#observe(tracked, observation);
  }

  /** Makes known a stream that may be silent already: its newest reading is at `lastUs`. */
  seedStream(stream: string, lastUs: number): void {
    for (const tracked of this.#subjects.of('streams', stream)) {
      if (tracked.booked.compiled.judge.kind !== 'silence' || tracked.track.lastUs !== null) continue;
      this.#observe(tracked, { tUs: lastUs, value: 0 });
    }
  }

  /** Whether some enabled rule looks at this. */
  anyFollow(follows: WatchedByClock): boolean {
    return this.#subjects.anyFollow(follows);
  }

  /** Lets the clock judge silence, ends what a finished backlog left open, and saves. */
  tick(): void {
    const nowUs = this.#options.clock.nowUs();
    const isBehind =
      this.#options.nextOffset() > this.#seenTo && nowUs - this.#journaledAtUs > 10 * saveIntervalUs;
    for (const tracked of this.#subjects.all()) {
      if (tracked.lane === 'backlog') this.#endIdleBacklog(tracked, nowUs);
      // Who has not read on cannot say that somebody is silent.
      else if (!isBehind) this.#advance(tracked, nowUs);
    }
    this.#saveWhenDue();
  }

  /** Takes the rules as they are now: what fires under a rule that is gone or changed is over. */
  rulesChanged(): void {
    const nowUs = this.#options.clock.nowUs();
    for (const tracked of this.#subjects.setRules(this.#options.rules.enabled())) {
      this.#end(tracked, { to: 'resolved', atUs: nowUs, sinceUs: nowUs, value: tracked.track.lastValue });
      this.#state.gone(tracked);
    }
    this.#save();
  }

  /** Forgets a device that was revoked: nobody waits for it. */
  forgetDevice(device: string): void {
    const atUs = this.#options.clock.nowUs();
    const followed = (['devices', 'alarms'] as const).flatMap((follows) =>
      this.#subjects.forget(follows, device),
    );
    for (const tracked of followed) {
      this.#end(tracked, { to: 'resolved', atUs, sinceUs: atUs, value: tracked.track.lastValue });
      this.#state.gone(tracked);
      this.#dirty = true;
    }
  }

  /** Notes that somebody has seen an alert, durably. */
  acknowledge(id: number, by: string, note: string | null): KeptAlert | undefined {
    const alert = this.book.acknowledge(id, { by, atUs: this.#options.clock.nowUs(), note });
    if (alert) this.#save();
    return alert;
  }

  #observe(tracked: Tracked, observation: Observation): void {
    if (isLate(tracked.track, observation)) {
      this.lateReadings++;
      return;
    }
    tracked.heardAtUs = this.#options.clock.nowUs();
    this.#take(tracked, observe(tracked.booked.compiled, tracked.track, observation));
  }

  #advance(tracked: Tracked, nowUs: number): void {
    const { compiled } = tracked.booked;
    if (compiled.judge.kind !== 'silence' || tracked.track.phase === 'firing') return;
    // While the gateway was away it heard nobody: silence counts from its start at the earliest.
    if (tracked.track.phase === 'clear' && nowUs - this.#startedAtUs < silenceUs(compiled)) return;
    this.#take(tracked, advance(compiled, tracked.track, nowUs));
  }

  #take(tracked: Tracked, { track, transitions }: Step): void {
    if (track === tracked.track) return;
    tracked.track = track;
    this.#dirty = true;
    this.#state.changed(tracked);
    for (const transition of transitions) this.#apply(tracked, transition);
  }

  #apply(tracked: Tracked, transition: Transition): void {
    switch (transition.to) {
      case 'pending':
        tracked.alert = this.book.begin(tracked, transition);
        return;
      case 'firing': {
        const fired =
          tracked.alert === undefined ? undefined : this.book.fire(tracked.alert, tracked, transition);
        if (fired) this.#enqueue(tracked, fired, 'firing');
        return;
      }
      default:
        this.#end(tracked, transition);
    }
  }

  #end(tracked: Tracked, { atUs, value }: Transition): void {
    const { alert } = tracked;
    tracked.alert = undefined;
    const ended = alert === undefined ? undefined : this.book.end(alert, atUs, value);
    if (ended) this.#enqueue(tracked, ended, 'resolved');
  }

  #endIdleBacklog(tracked: Tracked, nowUs: number): void {
    const { phase, lastUs, lastValue } = tracked.track;
    if (phase === 'clear' || nowUs - tracked.heardAtUs < backlogIdleUs) return;
    tracked.track = { ...tracked.track, phase: 'clear' };
    this.#state.changed(tracked);
    this.#dirty = true;
    const atUs = lastUs ?? nowUs;
    this.#end(tracked, { to: 'resolved', atUs, sinceUs: atUs, value: lastValue });
  }

  /** Puts a message for each channel of the rule into the transaction that saves what it tells of. */
  #enqueue(tracked: Tracked, alert: KeptAlert, event: 'firing' | 'resolved'): void {
    const { silences, deliveries, clock } = this.#options;
    const { rule } = tracked.booked;
    const nowUs = clock.nowUs();
    const silenced = silences.covers(alert, nowUs);
    this.#savedAtUs = Number.NEGATIVE_INFINITY;
    if (silenced) return;
    const notice = { event, alert: { ...alert, silenced }, remedy: rule.remedy ?? null };
    const times = { nowUs, deadlineUs: nowUs + deliveryLimits.deadlineUs };
    for (const channel of rule.deliverTo) {
      this.#outbox.push(() => void deliveries.enqueue(channel, notice, times));
    }
  }

  #saveWhenDue(): SinkOutcome {
    const nowUs = this.#options.clock.nowUs();
    // A clock that was set back must not put the saving off.
    const isDue = Math.abs(nowUs - this.#savedAtUs) >= saveIntervalUs;
    if (!this.#dirty || !isDue) return { kind: 'stored' };
    try {
      this.#save();
      return { kind: 'stored' };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { kind: 'retryable', failure: { code: 'SINK_STEP_FAILED', subject: 'gateway.db', detail } };
    }
  }

  /** Throws what SQLite throws; then everything stays to be saved. */
  #save(): void {
    const outbox = this.#outbox;
    inTransaction(this.#options.database, () => {
      this.book.save();
      this.#state.save(this.#seenTo);
      for (const enqueue of outbox) enqueue();
    });
    this.book.saved();
    this.#state.saved();
    this.#outbox = [];
    this.#dirty = false;
    this.#savedAtUs = this.#options.clock.nowUs();
    if (outbox.length > 0) this.#options.onEnqueued();
  }

  /** After a start: open alerts go on with their tracks; one without a track is over. */
  #joinAlertsAndTracks(): void {
    const tracks = new Map([...this.#subjects.all()].map((tracked) => [trackKey(tracked), tracked]));
    for (const alert of [...this.book.open()]) {
      const lane: Lane = alert.late ? 'backlog' : 'live';
      const tracked = tracks.get(`${alert.rule}\n${alert.subject}\n${lane}`);
      if (tracked && tracked.track.phase !== 'clear') tracked.alert = alert.id;
      else this.book.end(alert.id, this.#startedAtUs, alert.value);
    }
  }
}

function silenceUs({ judge }: CompiledRule): number {
  return judge.kind === 'silence' ? judge.afterUs : 0;
}
