import type { SerialSettings } from '../../bindings/serial-settings.ts';
import { CobsFramer, type CobsFrame } from '../../framing/cobs-framer.ts';
import type { DriverHost } from '../driver.ts';
import type { Channel } from './channels.ts';
import { decodeMcuBlock, type McuBlock } from './mcu-block.ts';
import { SampleClock } from './sample-clock.ts';

/** Reads the framed serial stream of a microcontroller: blocks of samples, from frame to pipeline. */
export class McuReader {
  readonly #host: DriverHost;
  readonly #channels: readonly Channel[];
  readonly #framer = new CobsFramer();
  readonly #clock = new SampleClock();
  /** Used again for every block; grown to the largest. */
  #t = new Float64Array(0);
  #values: Float64Array[] = [];

  constructor(host: DriverHost, serial: SerialSettings, channels: readonly Channel[]) {
    this.#host = host;
    this.#channels = channels;
    host.openSerial(serial, {
      bytes: (chunk, atUs) => this.#framer.push(chunk, (frame) => this.#take(frame, atUs)),
      reset: (atUs) => {
        this.#framer.reset((frame) => this.#take(frame, atUs));
        this.#clock.reset();
      },
    });
  }

  stop(): void {
    // The host closes the line; a frame that was begun is no reading.
  }

  #take(frame: CobsFrame, atUs: number): void {
    if (frame.kind === 'discarded') {
      this.#host.discard(frame.reason, frame.sizeBytes);
      return;
    }
    const block = decodeMcuBlock(frame.payload);
    if (typeof block === 'string') this.#host.discard(block, frame.payload.length);
    else this.#emit(block, atUs);
  }

  #emit(block: McuBlock, atUs: number): void {
    const { firstUs, missed, missedFromUs } = this.#clock.place(block, atUs);
    if (missed > 0) this.#host.gap(Math.round(missedFromUs), Math.round(firstUs), 'samples-missed');
    this.#reserve(block.sets);
    const t = this.#t.subarray(0, block.sets);
    const intervalUs = block.intervalNs / 1000;
    for (let set = 0; set < block.sets; set++) t[set] = Math.round(firstUs + set * intervalUs);
    const columns = this.#channels.map((channel, at) => {
      if (channel.index >= block.channels) return undefined;
      const column = this.#values[at]!.subarray(0, block.sets);
      deinterleave(block, channel, column);
      return column;
    });
    this.#host.emit(t, columns);
  }

  #reserve(sets: number): void {
    if (sets <= this.#t.length) return;
    this.#t = new Float64Array(sets);
    this.#values = this.#channels.map(() => new Float64Array(sets));
  }
}

/** Volts (times the channel's scale) of one channel, in the order of sampling. */
function deinterleave(block: McuBlock, { index, scale }: Channel, into: Float64Array): void {
  const { samples, channels, voltsPerCount, sets } = block;
  const factor = voltsPerCount * scale;
  const strideBytes = 2 * channels;
  for (let set = 0, at = 2 * index; set < sets; set++, at += strideBytes) {
    into[set] = samples.getInt16(at, true) * factor;
  }
}
