import { randomUUID } from 'node:crypto';
import type { DeviceSummary, LiveGap, LiveRequest } from '@fieldline/protocol';
import { encodeLiveFrame } from '@fieldline/protocol/live';
import { RateMeter } from '../../metrics/rate-meter.ts';
import { RollingLatency } from '../../metrics/rolling-latency.ts';
import type { StreamIndex } from '../../query/stream-index.ts';
import type { JournaledBatch } from '../sink.ts';
import { FrameBuilder } from './frame-builder.ts';
import { frameJson } from './frame-json.ts';
import { FramePace } from './frame-pace.ts';
import { FrameRing, type Sent } from './frame-ring.ts';
import { makeFrame, selectFrame, type Frame } from './frame.ts';
import type { LiveClient } from './live-client.ts';
import { Subscription } from './subscription.ts';
import { textFrame, websocketFrame } from './websocket-frame.ts';

/** How long frames are kept for viewers that might come back, when nobody watches. */
const idleMs = 60_000;

/** Rows of a frame whose latency is recorded: evenly taken, twenty times a second. */
const latencySamplesMax = 100;

/** What the hub stands on; times in microseconds UTC. */
export interface LiveHubOptions {
  readonly streams: StreamIndex;
  readonly devices: () => readonly DeviceSummary[];
  readonly nowUs: () => number;
}

/** What one subscription gets of one display frame, made at most once in each form. */
interface Share {
  readonly rows: number;
  readonly bytes: (isBinary: boolean) => Buffer;
}

/**
 * Turns batches into display frames and gives each viewer its part: one frame in 8 to 50 ms, as `FramePace` says, however many
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
  readonly #changedDevices = new Map<string, DeviceSummary>();
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
    const { resume } = request;
    const missed = resume?.session === this.#session ? this.#ring.after(resume.seq, this.#seq) : undefined;
    if (missed) for (const item of missed) this.#resend(client, subscription, item);
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
    const devices = Array.from(this.#changedDevices.values(), (device): Sent => {
      const seq = ++this.#seq;
      return { kind: 'device', seq, device, sizeBytes: 500 };
    });
    this.#changedDevices.clear();
    const { skipped } = this.#pending;
    const frame = this.#pending.empty ? undefined : this.#pending.take(++this.#seq);
    const items: Sent[] = frame
      ? [...devices, { kind: 'frame', seq: frame.seq, frame, sizeBytes: frame.sizeBytes }]
      : devices;
    for (const item of items) this.#ring.push(item);
    let watched = false;
    let isForSomebody = false;
    for (const subscription of this.#subscriptions.values()) {
      const share = shareOf(items, subscription);
      isForSomebody ||= share !== undefined;
      if (share) watched = this.#give(subscription, share) || watched;
    }
    const isRefused = !watched && (isForSomebody || this.#subscriptions.size === 0);
    this.#pace.sent(begunAtMs, performance.now(), isRefused);
    if (watched && frame) this.#recordLatency(frame);
    if (skipped > 0) this.#tellSkipped(skipped);
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
      const changed = this.#pending.entries.all.filter(
        (entry) => entry.seq > client.seq && subscription.wants(entry),
      );
      const rowsOf = ({ latest }: { latest: Float64Array }) => ({ rows: latest, used: latest.length });
      const about = { seq: this.#seq, gaps: gapsOf(missed), liveTimesUs: new Float64Array(0) };
      const frame = makeFrame(changed, about, rowsOf);
      const devices = missed.filter(({ kind }) => kind === 'device');
      const items: Sent[] = [...devices, { kind: 'frame', seq: this.#seq, frame, sizeBytes: 0 }];
      const share = shareOf(items, subscription);
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

  #recordLatency({ liveTimesUs }: Frame): void {
    const nowUs = this.#options.nowUs();
    const step = Math.max(1, Math.ceil(liveTimesUs.length / latencySamplesMax));
    const samples = new Float64Array(Math.ceil(liveTimesUs.length / step));
    for (let index = 0; index < samples.length; index++) {
      samples[index] = (nowUs - liveTimesUs[index * step]!) / 1000;
    }
    this.sensorToSocket.recordBlock(samples);
  }

  #tellSkipped(skipped: number): void {
    const message = textFrame(JSON.stringify({ type: 'lagging', seq: this.#seq, skipped }));
    for (const client of this.#clients) if (!client.isFull) client.write(message);
  }

  #resend(client: LiveClient, subscription: Subscription, item: Sent): void {
    const share = shareOf([item], subscription);
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
  return items.flatMap((item) => (item.kind === 'frame' ? item.frame.gaps : []));
}

/** What of these items a subscription gets; undefined where nothing of it is for it. */
function shareOf(items: readonly Sent[], subscription: Subscription): Share | undefined {
  const { patterns } = subscription;
  const devices: Buffer[] = [];
  let frame: Frame | undefined;
  for (const item of items) {
    if (item.kind === 'device') {
      const { seq, device } = item;
      if (patterns.matchesPrefix(device.id))
        devices.push(textFrame(JSON.stringify({ type: 'device', seq, device })));
    } else {
      const gap = ({ device, sensor }: LiveGap): boolean => patterns.matchesPrefix(device, sensor);
      const { rows, gaps } = item.frame;
      const isWhole = patterns.matchesAll && rows + gaps.length > 0;
      frame = isWhole ? item.frame : selectFrame(item.frame, { entry: subscription.wants, gap });
    }
  }
  if (!frame && devices.length === 0) return undefined;
  return { rows: frame?.rows ?? 0, bytes: bytesOf(devices, frame) };
}

function bytesOf(devices: readonly Buffer[], frame: Frame | undefined): Share['bytes'] {
  const made = new Map<boolean, Buffer>();
  return (isBinary) => {
    const known = made.get(isBinary);
    if (known) return known;
    const parts = frame ? [...devices, isBinary ? binaryFrame(frame) : textFrame(frameJson(frame))] : devices;
    const [only] = parts;
    const bytes = parts.length === 1 && only ? only : Buffer.concat(parts);
    made.set(isBinary, bytes);
    return bytes;
  };
}

function binaryFrame({ seq, readings, windows, gaps }: Frame): Buffer {
  const bytes = encodeLiveFrame({ seq, readings: readings.columns, windows: windows.columns, gaps });
  return websocketFrame('binary', bytes);
}
