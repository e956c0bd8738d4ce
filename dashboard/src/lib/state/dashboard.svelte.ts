/**
 * The wiring of the dashboard:
 *
 *   WS /api/v1/live ─► LiveSocket ─┬─► Clock     the gateway's time
 *                                  ├─► Fleet     devices, newest values
 *                                  └─► FeedHub ─► StreamFeed ─► charts, sparklines, track
 *   GET /api/v1/query ◄── HistoryRequests ─────────┘
 *   GET /api/v1/ledger, /api/v1/pipeline ─► Polled
 *   GET /api/v1/session ─► Session              who uses this page
 */
import type { LiveMessage } from '@fieldline/protocol';
import { createContext } from 'svelte';
import { fetchAlerts, fetchLedger, fetchPipeline, fetchStreams } from '../api/gateway-client.ts';
import { HistoryRequests } from '../api/history-requests.ts';
import { LiveSocket, type ConnectionState } from '../live/live-socket.ts';
import { Clock } from './clock.svelte.ts';
import { FeedHub } from './feed-hub.ts';
import { Fleet } from './fleet.svelte.ts';
import { FrameLoop } from './frame-loop.ts';
import { Polled } from './polled.svelte.ts';
import { Router } from './router.svelte.ts';
import type { Session } from './session.svelte.ts';
import { Theme } from './theme.svelte.ts';
import { Zone } from './zone.svelte.ts';

/** New streams come in crowds when a device starts: so long is waited for all of them, in ms. */
const newStreamsPauseMs = 300;
/** From one account to the next question for it, and the same of the pipeline, in ms. */
const accountPauseMs = 2_000;
const pipelinePauseMs = 1_000;
/** From one list of alerts to the next question for it, in ms. */
const alertsPauseMs = 4_000;

/** Everything that the pages share; one a page load, passed by context. */
export class Dashboard {
  readonly session: Session;
  readonly clock = new Clock();
  readonly fleet = new Fleet(() => this.#askForStreams());
  readonly feeds = new FeedHub();
  readonly histories = new HistoryRequests(() => this.clock.exactNowUs());
  readonly ledger = new Polled(fetchLedger, accountPauseMs);
  readonly alerts = new Polled(fetchAlerts, alertsPauseMs);
  readonly pipeline = new Polled(fetchPipeline, pipelinePauseMs);
  readonly router = new Router();
  readonly theme = new Theme();
  readonly zone = new Zone(this.router);
  readonly frames = new FrameLoop(() => this.clock.exactNowUs());
  connection = $state.raw<ConnectionState>({ kind: 'connecting' });
  readonly #socket: LiveSocket;
  #session: string | undefined;
  #interrupted = false;
  #streamsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session) {
    this.session = session;
    this.#socket = new LiveSocket({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`,
      onMessage: (message) => this.#receive(message),
      onState: (state) => this.#connectionChanged(state),
    });
  }

  /** Runs until the returned function is called. */
  start(): () => void {
    const stops = [this.clock.start(), this.router.start(), this.session.start()];
    this.#socket.open();
    return () => {
      this.#socket.close();
      for (const stop of stops) stop();
    };
  }

  /** Tries to reach the gateway at once. */
  retryNow(): void {
    this.#socket.retryNow();
  }

  /** A stream has begun since the snapshot: the list of streams says what it is. */
  #askForStreams(): void {
    if (this.#streamsTimer !== undefined) return;
    this.#streamsTimer = setTimeout(() => {
      void fetchStreams().then((answer) => {
        this.#streamsTimer = undefined;
        if (answer.ok) this.fleet.applyStreams(answer.value.streams);
      });
    }, newStreamsPauseMs);
  }

  #receive(message: LiveMessage): void {
    if (message.type === 'snapshot') this.#receiveSnapshot(message);
    this.fleet.apply(message);
    this.feeds.apply(message);
  }

  #receiveSnapshot(snapshot: Extract<LiveMessage, { type: 'snapshot' }>): void {
    this.clock.synchronize(snapshot.nowUs);
    if (this.#session !== undefined && (this.#interrupted || this.#session !== snapshot.session)) {
      this.feeds.reloadAll();
    }
    this.#session = snapshot.session;
    this.#interrupted = false;
  }

  #connectionChanged(state: ConnectionState): void {
    if (state.kind === this.connection.kind && state.kind !== 'waiting') return;
    if (state.kind === 'waiting') {
      // The gateway closes the sockets of a session that has ended.
      if (!this.#interrupted) void this.session.check();
      this.#interrupted = true;
    }
    this.connection = state;
  }
}

/** The dashboard of this component tree. */
export const [useDashboard, provideDashboard] = createContext<Dashboard>();
