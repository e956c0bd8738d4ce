import { randomUUID } from 'node:crypto';
import type { DeviceSummary, LiveRequest } from '@fieldline/protocol';
import { RateMeter } from '../../metrics/rate-meter.ts';
import { RollingLatency } from '../../metrics/rolling-latency.ts';
import type { StreamIndex } from '../../query/stream-index.ts';
import type { JournaledBatch } from '../sink.ts';
import { FrameRing, type Sent } from './frame-ring.ts';
import { deltaMessage, FrameBuilder, type Frame } from './frame.ts';
import type { LiveClient } from './live-client.ts';
import { StreamPatterns } from './stream-pattern.ts';

/** Shortest time between two frames: 20 a second. */
export const frameMs = 50;

/** How long frames are kept for viewers that might come back, when nobody watches. */
const idleMs = 60_000;

/** What the hub stands on; times in microseconds UTC. */
export interface LiveHubOptions {
  readonly streams: StreamIndex;
  readonly devices: () => readonly DeviceSummary[];
  readonly nowUs: () => number;
}

/**
 * Turns batches into display frames and gives each viewer its part: at most one frame in 50 ms, however many
 * batches came; a stream's part is made into JSON once, and a message once for all viewers of one
 * subscription.
 */
export class LiveHub {
  /** From the sensor (of a window: its end) to the socket, milliseconds; what viewers were sent. */
  readonly sensorToSocket: RollingLatency;
  readonly rowsSent: RateMeter;
  readonly #options: LiveHubOptions;
  readonly #session = randomUUID();
  readonly #clients = new Set<LiveClient>();
  readonly #pending = new FrameBuilder();
  readonly #changedDevices = new Map<string, DeviceSummary>();
  readonly #ring = new FrameRing();
  #seq = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushedAtMs = 0;
  #watchedAtMs = Number.NEGATIVE_INFINITY;
  /** Viewers cut because they did not keep up. */
  cut = 0;

  constructor(options: LiveHubOptions) {
    this.#options = options;
    const nowMs = (): number => options.nowUs() / 1000;
    this.sensorToSocket = new RollingLatency(nowMs);
    this.rowsSent = new RateMeter(nowMs);
  }

  get viewers(): number {
    return this.#clients.size;
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
    this.#watchedAtMs = this.#nowMs();
  }

  /** Gives a viewer what it asked for: what it missed, or a snapshot; then the frames to come. */
  subscribe(client: LiveClient, request: LiveRequest): void {
    const patterns = new StreamPatterns(request.streams);
    const { resume } = request;
    const missed = resume?.session === this.#session ? this.#ring.after(resume.seq, this.#seq) : undefined;
    client.patterns = patterns;
    if (missed) for (const item of missed) this.#resend(client, patterns, item);
    else client.send(this.#snapshot(patterns), 0, this.#seq);
  }

  pingAll(): void {
    for (const client of this.#clients) client.ping();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const client of this.#clients) client.close(1001, 'The gateway stops.');
    this.#clients.clear();
  }

  #schedule(): void {
    if (this.#timer) return;
    const waitMs = Math.max(0, this.#flushedAtMs + frameMs - performance.now());
    this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    this.#timer = undefined;
    this.#flushedAtMs = performance.now();
    const bySubscription = this.#subscriptions();
    for (const device of this.#changedDevices.values()) this.#sendDevice(device, bySubscription);
    this.#changedDevices.clear();
    const { skipped } = this.#pending;
    if (!this.#pending.empty) this.#sendFrame(this.#pending.take(++this.#seq), bySubscription);
    if (skipped > 0) this.#tellSkipped(skipped);
  }

  #sendFrame(frame: Frame, bySubscription: ReadonlyMap<string, readonly LiveClient[]>): void {
    this.#ring.push({ kind: 'frame', seq: frame.seq, frame, sizeBytes: frame.sizeBytes });
    for (const clients of bySubscription.values()) {
      const patterns = clients[0]?.patterns;
      const delta = patterns && deltaMessage(frame, patterns);
      if (!delta) continue;
      for (const client of clients) this.#send(client, delta.json, delta.rows, frame.seq);
      const nowUs = this.#options.nowUs();
      for (const { liveTimesUs } of delta.parts) {
        this.sensorToSocket.recordBlock(Float64Array.from(liveTimesUs, (timeUs) => (nowUs - timeUs) / 1000));
      }
    }
  }

  #sendDevice(device: DeviceSummary, bySubscription: ReadonlyMap<string, readonly LiveClient[]>): void {
    const seq = ++this.#seq;
    const json = JSON.stringify({ type: 'device', seq, device });
    this.#ring.push({ kind: 'device', seq, device, sizeBytes: json.length });
    for (const clients of bySubscription.values()) {
      if (!clients[0]?.patterns?.matchesPrefix(device.id)) continue;
      for (const client of clients) this.#send(client, json, 0, seq);
    }
  }

  #send(client: LiveClient, json: string, rows: number, seq: number): void {
    const outcome = client.send(json, rows, seq);
    if (outcome === 'sent') this.rowsSent.add(rows);
    if (outcome === 'cut') {
      this.cut++;
      this.#clients.delete(client);
    }
  }

  #tellSkipped(skipped: number): void {
    const json = JSON.stringify({ type: 'lagging', seq: this.#seq, skipped });
    for (const client of this.#clients) client.send(json, 0, this.#seq);
  }

  #resend(client: LiveClient, patterns: StreamPatterns, item: Sent): void {
    if (item.kind === 'frame') {
      const delta = deltaMessage(item.frame, patterns);
      if (delta) client.send(delta.json, delta.rows, item.seq);
    } else if (patterns.matchesPrefix(item.device.id)) {
      client.send(JSON.stringify({ type: 'device', seq: item.seq, device: item.device }), 0, item.seq);
    }
  }

  #snapshot(patterns: StreamPatterns): string {
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

  /** Viewers with the same subscription together. */
  #subscriptions(): Map<string, LiveClient[]> {
    const groups = new Map<string, LiveClient[]>();
    for (const client of this.#clients) {
      if (!client.patterns) continue;
      const group = groups.get(client.patterns.key);
      if (group) group.push(client);
      else groups.set(client.patterns.key, [client]);
    }
    return groups;
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
