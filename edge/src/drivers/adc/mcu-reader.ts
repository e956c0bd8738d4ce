import type { SerialSettings } from '../../bindings/serial-settings.ts';
import { CobsFramer, type CobsFrame } from '../../framing/cobs-framer.ts';
import type { DriverHost, RunningDriver } from '../driver.ts';
import type { Channel } from './channels.ts';
import { decodeMcuBlock, type McuBlock } from './mcu-block.ts';
import { SampleClock } from './sample-clock.ts';
import { SamplingGauge } from './sampling-gauge.ts';

/** Where an int16 converter is saturated, in counts. */
const int16Rails = { low: -32_768, high: 32_767 };

/** Reads the framed serial stream of a microcontroller: blocks of samples, from frame to pipeline. */
export class McuReader implements RunningDriver {
  readonly #host: DriverHost;
  readonly #channels: readonly Channel[];
  readonly #framer = new CobsFramer();
  readonly #clock = new SampleClock();
  readonly #gauge: SamplingGauge;
  /** Used again for every block; grown to the largest. */
  #t = new Float64Array(0);
  #values: Float64Array[] = [];

  constructor(host: DriverHost, serial: SerialSettings, channels: readonly Channel[]) {
    this.#host = host;
    this.#channels = channels;
    this.#gauge = new SamplingGauge(channels.length);
    host.openSerial(serial, {
      bytes: (chunk, atUs) => this.#framer.push(chunk, (frame) => this.#take(frame, atUs)),
      reset: (atUs) => {
        this.#framer.reset((frame) => this.#take(frame, atUs));
        this.#clock.reset();
        this.#gauge.interrupt();
      },
    });
  }

  stop(): void {
    // The host closes the line; a frame that was begun is no reading.
  }

  figures(): object {
    return this.#gauge.figures();
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
    this.#gauge.counted(block.sets, missed, t[block.sets - 1]!);
    const columns = this.#channels.map((channel, at) => {
      if (channel.index >= block.channels) return undefined;
      const column = this.#values[at]!.subarray(0, block.sets);
      deinterleave(block, channel, column);
      this.#measure(block, channel, at, t, column);
      return column;
    });
    this.#host.emit(t, columns);
  }

  /** Rails in the unit of the values; a negative scale turns them round. */
  #measure(block: McuBlock, channel: Channel, at: number, t: Float64Array, column: Float64Array): void {
    const { low, high } = channel.rails ?? int16Rails;
    const factor = block.voltsPerCount * channel.scale;
    this.#gauge.values(
      at,
      t,
      column,
      Math.min(low * factor, high * factor),
      Math.max(low * factor, high * factor),
    );
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
