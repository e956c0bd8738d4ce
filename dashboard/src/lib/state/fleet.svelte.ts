import type { DeviceSummary, LiveMessage, StreamInfo } from '@fieldline/protocol';
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { orderStreams } from '../series/main-stream.ts';

/** A stream and its newest value, which changes as the stream lives. */
export class StreamState {
  readonly info: StreamInfo;
  lastT = $state<number | null>(null);
  lastValue = $state<number | null>(null);

  constructor(info: StreamInfo) {
    this.info = info;
    this.lastT = info.lastT;
    this.lastValue = info.lastValue;
  }

  /** Takes a newer value; an older one, from a backlog, changes nothing. */
  update(timeUs: number, value: number): void {
    if (this.lastT !== null && timeUs < this.lastT) return;
    this.lastT = timeUs;
    this.lastValue = value;
  }
}

/** Devices and streams as the gateway knows them, kept up to date by its live messages. */
export class Fleet {
  readonly devices = new SvelteMap<string, DeviceSummary>();
  readonly streams = new SvelteMap<string, StreamState>();
  /** False until the first snapshot: nothing is known yet, not even that there is nothing. */
  known = $state(false);

  /** The same as `devices`, for those who look at all of them: nothing is tracked for each. */
  readonly #newest = new Map<string, DeviceSummary>();
  readonly #onUnknownStream: () => void;

  /** @param onUnknownStream called for each part of a delta whose stream no snapshot has named yet */
  constructor(onUnknownStream: () => void) {
    this.#onUnknownStream = onUnknownStream;
  }

  /** The names of all devices, in order: another list only when a device is added, not when one is heard. */
  ids = $state.raw<readonly string[]>([]);
  readonly #byDevice = $derived(Map.groupBy(this.streams.values(), (stream) => stream.info.device));

  /** All devices in the order of their names, as they are now; nothing follows it. */
  all(): DeviceSummary[] {
    return untrack(() => this.ids).flatMap((id) => this.#newest.get(id) ?? []);
  }

  /** The streams of a device, the most telling first. */
  streamsOf(device: string): StreamState[] {
    const states = this.#byDevice.get(device) ?? [];
    const order = orderStreams(states.map((state) => state.info)).map((info) => info.stream);
    return states.toSorted((a, b) => order.indexOf(a.info.stream) - order.indexOf(b.info.stream));
  }

  /** Takes over what a message says. */
  apply(message: LiveMessage): void {
    if (message.type === 'snapshot') this.#applySnapshot(message.devices, message.streams);
    if (message.type === 'device') this.#setDevices([message.device]);
    if (message.type === 'delta') this.#applyDelta(message);
  }

  #applySnapshot(devices: readonly DeviceSummary[], streams: readonly StreamInfo[]): void {
    this.#setDevices(devices);
    this.applyStreams(streams);
    this.known = true;
  }

  #setDevices(devices: readonly DeviceSummary[]): void {
    const added = devices.filter(({ id }) => !this.#newest.has(id));
    for (const device of devices) this.#set(device);
    if (added.length > 0) this.ids = [...this.ids, ...added.map(({ id }) => id)].sort();
  }

  /** Takes over a list of streams: new ones appear, known ones get their newest value. */
  applyStreams(streams: readonly StreamInfo[]): void {
    for (const stream of streams) this.#applyStream(stream);
  }

  #applyStream(info: StreamInfo): void {
    const state = this.streams.get(info.stream);
    const changed = state && (state.info.unit !== info.unit || state.info.window !== info.window);
    if (!state || changed) this.streams.set(info.stream, new StreamState(info));
    else if (info.lastT !== null && info.lastValue !== null) state.update(info.lastT, info.lastValue);
  }

  #applyDelta(delta: Extract<LiveMessage, { type: 'delta' }>): void {
    for (const { stream, t, v } of delta.readings) {
      const last = v.findLastIndex((value) => value !== null);
      this.#updateNewest(stream, t[last], v[last]);
    }
    for (const { stream, end, mean } of delta.windows) {
      const last = mean.findLastIndex((value) => value !== null);
      this.#updateNewest(stream, end[last], mean[last]);
    }
  }

  #updateNewest(stream: string, timeUs: number | undefined, value: number | null | undefined): void {
    if (timeUs === undefined || value === undefined || value === null) return;
    const state = this.streams.get(stream);
    if (!state) return this.#onUnknownStream();
    state.update(timeUs, value);
    const device = this.#newest.get(state.info.device);
    if (device) this.#touch(device, timeUs);
  }

  /** A device whose readings arrive has been seen, though no status message says so each time. */
  #touch(device: DeviceSummary, timeUs: number): void {
    const lastSeenUs = Math.max(device.lastSeenUs ?? 0, timeUs);
    if (lastSeenUs - (device.lastSeenUs ?? 0) > 500_000) this.#set({ ...device, lastSeenUs });
  }

  #set(device: DeviceSummary): void {
    this.devices.set(device.id, device);
    this.#newest.set(device.id, device);
  }
}
