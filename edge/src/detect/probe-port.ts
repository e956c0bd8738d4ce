import { FieldlineError, type ErrorCode } from '@fieldline/protocol';
import { listenOnPort } from '../bindings/listen-on-port.ts';
import type { Timers } from '../bindings/timers.ts';
import { promising, type Recognition } from './recognition.ts';
import { recognise } from './recognise.ts';

/** Rates in the order in which sensors use them. No two are so near that one could be read at the other. */
export const usualBaudRates: readonly number[] = [
  9600, 115_200, 4800, 38_400, 57_600, 19_200, 230_400, 921_600, 460_800, 2400, 1200, 1_000_000, 2_000_000,
];

/** What was found at a port. */
export type ProbeOutcome =
  | { readonly state: 'recognised'; readonly baudRate: number; readonly recognition: Recognition }
  /** Bytes came that fit nothing at any rate. */
  | { readonly state: 'unknown'; readonly sizeBytes: number }
  /** Nothing came at any rate. */
  | { readonly state: 'silent' }
  | { readonly state: 'failed'; readonly code: ErrorCode; readonly message: string };

/** How a port is probed. */
export interface ProbeOptions {
  readonly path: string;
  readonly baudRates: readonly number[];
  /** How long to wait for the first byte at a rate, in milliseconds. */
  readonly waitMs: number;
  /** Bytes to send after each opening; nothing is ever written without them. */
  readonly send?: Uint8Array | undefined;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** Called before each rate. */
  readonly trying?: (baudRate: number) => void;
}

/** Between closing a port and opening it at the next rate, so that both ends notice, in milliseconds. */
const pauseMs = 100;
/** How often what came is looked at, in milliseconds. */
const lookEveryMs = 100;
/** What is kept of one rate, in bytes: some seconds of the fastest line. */
const heardMaxBytes = 262_144;
/** How long bytes that fit nothing are listened to at a rate: a look at each rate first, patience in a second round. */
const noiseMs = { first: 700, second: 2000 };
/** How long bytes that fit so far may take to become enough, as a multiple of `waitMs`. */
const promisingWaits = 4;

/**
 * Tries baud rates at a port until one gives frames of a known format. In a first round bytes that fit nothing
 * are soon given up; where any came, a second round listens longer. Failures of the port are values.
 */
export async function probePort(options: ProbeOptions): Promise<ProbeOutcome> {
  let sizeBytes = 0;
  try {
    for (const patienceMs of [noiseMs.first, noiseMs.second]) {
      for (const baudRate of options.baudRates) {
        if (options.signal.aborted) break;
        options.trying?.(baudRate);
        await new Promise<void>((resolve) => options.timers.after(pauseMs, resolve));
        const heard = await listen(options, baudRate, patienceMs);
        sizeBytes += heard.sizeBytes;
        if (heard.recognition !== undefined)
          return { state: 'recognised', baudRate, recognition: heard.recognition };
      }
      if (sizeBytes === 0) return { state: 'silent' };
    }
  } catch (error) {
    if (!(error instanceof FieldlineError)) throw error;
    return { state: 'failed', code: error.code, message: error.message };
  }
  return { state: 'unknown', sizeBytes };
}

interface Heard {
  readonly sizeBytes: number;
  readonly recognition: Recognition | undefined;
}

async function listen(options: ProbeOptions, baudRate: number, patienceMs: number): Promise<Heard> {
  const { path, send, timers, waitMs } = options;
  const enough = new AbortController();
  const ear = new Ear();
  let elapsedMs = 0;
  let sinceFirstMs = 0;
  const cancel = timers.every(lookEveryMs, () => {
    elapsedMs += lookEveryMs;
    if (ear.sizeBytes === 0) {
      if (elapsedMs >= waitMs) enough.abort();
      return;
    }
    sinceFirstMs += lookEveryMs;
    const state = ear.look();
    const limitMs = state === promising.state ? waitMs * promisingWaits : patienceMs;
    if (ear.recognition !== undefined || sinceFirstMs >= limitMs) enough.abort();
  });
  try {
    const signal = AbortSignal.any([options.signal, enough.signal]);
    await listenOnPort({ path, baudRate, send, heard: (chunk) => ear.hear(chunk), signal });
  } finally {
    cancel();
  }
  return ear;
}

/** Keeps what came, and what it is. */
class Ear implements Heard {
  recognition: Recognition | undefined;
  #bytes = Buffer.alloc(4096);
  #length = 0;
  #lookedAt = 0;
  #state: string = promising.state;

  get sizeBytes(): number {
    return this.#length;
  }

  /** Takes a chunk; true when there is no room for more. */
  hear(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length;
    if (length > heardMaxBytes) return true;
    if (length > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], Math.min(heardMaxBytes, length * 2));
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
    return false;
  }

  look(): string {
    if (this.#length === this.#lookedAt) return this.#state;
    this.#lookedAt = this.#length;
    const hearing = recognise(this.#bytes.subarray(0, this.#length));
    this.#state = hearing.state;
    if (hearing.state === 'recognised') this.recognition = hearing.recognition;
    return hearing.state;
  }
}
