import { randomUUID } from 'node:crypto';
import type { DeviceSummary, LiveGap, LiveRequest } from '@fieldline/protocol';
import { RateMeter } from '../../metrics/rate-meter.ts';
import { RollingLatency } from '../../metrics/rolling-latency.ts';
import type { StreamIndex } from '../../query/stream-index.ts';
import type { JournaledBatch } from '../sink.ts';
import { FrameBuilder } from './frame-builder.ts';
import { FramePace } from './frame-pace.ts';
import { FrameRing, type Sent, type SentDevice } from './frame-ring.ts';
import type { LiveClient } from './live-client.ts';
import { SentFrame } from './sent-frame.ts';
import { shareOf, type Sending, type Share } from './share.ts';
import { Subscription } from './subscription.ts';
import { textFrame } from './websocket-frame.ts';

/** How long frames are kept for viewers that might come back, when nobody watches. */
const idleMs = 60_000;

/** What the hub stands on; times in microseconds UTC. */
export interface LiveHubOptions {
  readonly streams: StreamIndex;
  readonly devices: () => readonly DeviceSummary[];
  readonly nowUs: () => number;
}

/**
 * Turns batches into display frames and gives each viewer its part: one frame in 5 to 50 ms, as `FramePace` says, however many
 * batches came; made once for all viewers of one subscription, in one write for each.
 *
 * A viewer that does not keep up is left out, and later made up for with the newest row of each stream that changed
 * meanwhile: those rows are kept once for all, so a slow viewer costs no memory beyond its socket's buffer.
 */
export class LiveHub {
  /** From the sensor (of a window: its end) to the socket, milliseconds; what viewers were sent. */
  readonly sensorToSocket: RollingLatency;
  readonly rowsSent: RateMeter;
  readonly #options: LiveHubOptions;
  readonly #session = randomUUID();
  readonly #clients = new Set<LiveClient>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #pending = new FrameBuilder();
  #changedDevices = new Map<string, DeviceSummary>();
  readonly #ring = new FrameRing();
  #seq = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #pace = new FramePace();
  #watchedAtMs = Number.NEGATIVE_INFINITY;
  /** Viewers cut because they did not keep up. */
  cut = 0;
  /** Frames, and bytes of them, that were written to viewers; rows that slow viewers were not sent. */
  framesSent = 0;
  bytesSent = 0;
  rowsSkipped = 0;

  constructor(options: LiveHubOptions) {
    this.#options = options;
    const nowMs = (): number => options.nowUs() / 1000;
    this.sensorToSocket = new RollingLatency(nowMs);
    this.rowsSent = new RateMeter(nowMs);
  }

  get viewers(): number {
    return this.#clients.size;
  }

  /** Bytes that viewers have not taken yet, beyond what a socket normally holds, tell of slow ones. */
  get laggingViewers(): number {
    let lagging = 0;
    for (const client of this.#clients) if (client.isLagging) lagging++;
    return lagging;
  }

  /** Time from one display frame to the next at present, milliseconds. */
  get frameIntervalMs(): number {
    return this.#pace.intervalMs;
  }

  /** Takes journaled batches; the next frame carries them. */
  take(entries: readonly JournaledBatch[]): void {
    if (!this.#watched()) return;
    for (const { batch } of entries) this.#pending.add(batch);
    this.#schedule();
  }

  /** Takes a changed device; the next frame tells its newest state. */
  deviceChanged(device: DeviceSummary): void {
    if (!this.#watched()) return;
    this.#changedDevices.set(device.id, device);
    this.#schedule();
  }

  add(client: LiveClient): void {
    this.#clients.add(client);
    this.#watchedAtMs = this.#nowMs();
  }

  remove(client: LiveClient): void {
    this.#clients.delete(client);
    this.#unsubscribe(client);
    this.#watchedAtMs = this.#nowMs();
  }

  /** Gives a viewer what it asked for: what it missed, or a snapshot; then the frames to come. */
  subscribe(client: LiveClient, request: LiveRequest): void {
    this.#unsubscribe(client);
    const fresh = new Subscription(request.streams);
    const { key } = fresh.patterns;
    const subscription = this.#subscriptions.get(key) ?? fresh;
    this.#subscriptions.set(key, subscription);
    subscription.clients.add(client);
    client.subscription = subscription;
    client.numbersTo = 0;
    const missed = request.resume && this.#missed(request.resume);
    if (missed) for (const sending of missed) this.#resend(client, subscription, sending);
    else client.write(textFrame(this.#snapshot(subscription)));
    client.seq = this.#seq;
  }

  /** A viewer's socket has been emptied. */
  drained(client: LiveClient): void {
    const { subscription } = client;
    if (client.isLagging && subscription && !client.isFull) this.#catchUp(client, subscription);
  }

  pingAll(): void {
    for (const client of this.#clients) client.ping();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const client of this.#clients) client.close(1001, 'The gateway stops.');
    this.#clients.clear();
    this.#subscriptions.clear();
  }

  #unsubscribe(client: LiveClient): void {
    const { subscription } = client;
    if (!subscription) return;
    subscription.clients.delete(client);
    if (subscription.clients.size === 0) this.#subscriptions.delete(subscription.patterns.key);
    client.subscription = undefined;
  }

  #schedule(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => this.flush(), this.#pace.waitMs(performance.now()));
  }

  /** Sends what has come since the last frame. The timer calls it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const begunAtMs = performance.now();
    const { skipped } = this.#pending;
    const timesUs = this.#pending.liveTimesUs.kept;
    const sending = this.#next();
    let watched = false;
    let isForSomebody = false;
    for (const subscription of this.#subscriptions.values()) {
      const share = shareOf(sending, subscription, this.#pending.entries.all);
      isForSomebody ||= share !== undefined;
      if (share) watched = this.#give(subscription, share) || watched;
    }
    this.#ring.keep();
    const isRefused = !watched && (isForSomebody || this.#subscriptions.size === 0);
    this.#pace.sent(begunAtMs, performance.now(), isRefused);
    if (watched) this.#recordLatency(timesUs);
    if (skipped > 0) this.#tellSkipped(skipped);
  }

  /** What has come since the last frame, numbered, and kept for who comes back. */
  #next(): Sending {
    const devices = this.#changedDevices.size === 0 ? [] : this.#nextDevices();
    for (const device of devices) this.#ring.push(device);
    if (this.#pending.empty) return { devices };
    const frame = this.#pending.take(++this.#seq);
    const whole = new SentFrame(frame);
    this.#ring.push(whole);
    return { devices, frame, whole };
  }

  #nextDevices(): SentDevice[] {
    const changed = this.#changedDevices;
    this.#changedDevices = new Map();
    return Array.from(changed.values(), (device) => {
      return { kind: 'device', seq: ++this.#seq, device, sizeBytes: 500 };
    });
  }

  /** True where somebody was sent it. */
  #give(subscription: Subscription, share: Share): boolean {
    let sent = 0;
    for (const client of subscription.clients) {
      if (client.isFull) {
        this.rowsSkipped += share.rows;
        if (client.skip(share.rows, this.#seq)) this.#drop(client);
      } else if (client.isLagging) this.#catchUp(client, subscription);
      else {
        if (client.isBinary) this.#tellNumbers(client, subscription);
        const bytes = share.bytes(client.isBinary);
        client.write(bytes);
        client.seq = this.#seq;
        this.bytesSent += bytes.length;
        sent++;
      }
    }
    this.framesSent += sent;
    this.rowsSent.add(sent * share.rows);
    return sent > 0;
  }

  #drop(client: LiveClient): void {
    this.cut++;
    this.#clients.delete(client);
    this.#unsubscribe(client);
  }

  /** Tells what was left out, and makes up for it: devices that changed, and the newest row of each stream that did. */
  #catchUp(client: LiveClient, subscription: Subscription): void {
    client.recovered(this.#seq);
    const missed = this.#ring.after(client.seq, this.#seq);
    if (missed) {
      const { entries, newest } = this.#pending;
      const about = { after: client.seq, seq: this.#seq, gaps: gapsOf(missed) };
      const frame = newest.changed(entries.all.filter(subscription.wants), about);
      const devices = missed.filter((item) => item.kind === 'device');
      const share = shareOf({ devices, frame }, subscription, entries.all);
      this.#tellNumbers(client, subscription);
      if (share) client.write(share.bytes(client.isBinary));
    } else client.write(textFrame(this.#snapshot(subscription)));
    client.seq = this.#seq;
  }

  /** Before a number stands in a binary frame, its viewer learns the name behind it. */
  #tellNumbers(client: LiveClient, subscription: Subscription): void {
    const { all } = this.#pending.entries;
    if (!client.isBinary || client.numbersTo === all.length) return;
    const known = subscription.told;
    const { numbersTo: from } = client;
    const told =
      known?.from === from && known.to === all.length
        ? known
        : { from, to: all.length, frame: this.#numbersFrame(from, subscription) };
    subscription.told = told;
    client.numbersTo = told.to;
    if (told.frame) client.write(told.frame);
  }

  #numbersFrame(from: number, subscription: Subscription): Buffer | undefined {
    const ids = this.#pending.entries.all
      .slice(from)
      .filter(subscription.wants)
      .map(({ id, stream, unit, window }) => [id, stream, unit, window]);
    return ids.length === 0 ? undefined : textFrame(JSON.stringify({ type: 'streams', seq: this.#seq, ids }));
  }

  #recordLatency(timesUs: Float64Array): void {
    const nowUs = this.#options.nowUs();
    this.sensorToSocket.recordBlock(timesUs.map((timeUs) => (nowUs - timeUs) / 1000));
  }

  #tellSkipped(skipped: number): void {
    const message = textFrame(JSON.stringify({ type: 'lagging', seq: this.#seq, skipped }));
    for (const client of this.#clients) if (!client.isFull) client.write(message);
  }

  /** What was sent since; undefined where it is not known any more. */
  #missed({ session, seq }: NonNullable<LiveRequest['resume']>): Sending[] | undefined {
    if (session !== this.#session) return undefined;
    const sendings = this.#ring.after(seq, this.#seq)?.map(sentAgain);
    return sendings?.includes(undefined) ? undefined : sendings?.filter((sending) => sending !== undefined);
  }

  #resend(client: LiveClient, subscription: Subscription, sending: Sending): void {
    const share = shareOf(sending, subscription, this.#pending.entries.all);
    if (!share) return;
    this.#tellNumbers(client, subscription);
    client.write(share.bytes(client.isBinary));
  }

  #snapshot({ patterns }: Subscription): string {
    const devices = this.#options.devices().filter(({ id }) => patterns.matchesPrefix(id));
    const streams = this.#options.streams.list().filter(({ stream }) => patterns.matchesStream(stream));
    const nowUs = this.#options.nowUs();
    return JSON.stringify({
      type: 'snapshot',
      session: this.#session,
      seq: this.#seq,
      nowUs,
      devices,
      streams,
    });
  }

  /** Whether somebody watches, or did so a moment ago; without it frames cost nothing. */
  #watched(): boolean {
    if (this.#clients.size > 0 || this.#nowMs() - this.#watchedAtMs < idleMs) return true;
    this.#pending.clear();
    this.#ring.clear();
    // A viewer that comes back after this must get a snapshot, even if nothing was numbered meanwhile.
    this.#seq++;
    return false;
  }

  #nowMs(): number {
    return this.#options.nowUs() / 1000;
  }
}

function gapsOf(items: readonly Sent[]): LiveGap[] {
  return items.flatMap((item) => (item.kind === 'frame' ? item.gaps : []));
}

/** What was sent, as it was; undefined where that cannot be read. */
function sentAgain(item: Sent): Sending | undefined {
  if (item.kind === 'device') return { devices: [item] };
  const frame = item.frame();
  return frame && { devices: [], frame, whole: item };
}
