import { IioBuffer, type IioBufferSettings, type ScanChannel } from '../../bindings/iio-buffer.ts';
import { IioDevice } from '../../bindings/iio-device.ts';
import { railsOf, rawReader, type RawReader } from '../../bindings/iio-scan-type.ts';
import type { DriverHost, RunningDriver } from '../driver.ts';
import type { Channel } from './channels.ts';
import { SampleClock } from './sample-clock.ts';
import { SamplingGauge } from './sampling-gauge.ts';

/** How a device is read through its buffer. */
export interface BufferedSettings extends Omit<IioBufferSettings, 'channels'> {
  /** How often the buffer is emptied, in milliseconds. */
  readonly intervalMs: number;
  readonly channels: readonly Channel[];
}

/** Opening takes a device longer than this only when it hangs, in milliseconds. */
const deadlineMs = 5000;
/** A device that could not be opened, or failed, is tried again after so long. */
const retryUs = 1_000_000;
/** A device from which nothing comes for so long, and for so many intervals, is opened again. */
const silenceUs = 10_000_000;
const silenceIntervals = 5;
/** Reads of at most 64 KiB in one turn; what is left waits for the next. */
const readsPerTurnMax = 16;
/** A scan is read this long after it was taken, at most; one from the future shows that the clocks differ. */
const lagMaxUs = 60_000_000;
const leadMaxUs = 5000;

/** One channel, ready to be decoded. */
interface Column {
  readonly read: RawReader;
  readonly offsetBytes: number;
  readonly rawOffset: number;
  /** Raw counts to the configured unit. */
  readonly factor: number;
  readonly low: number;
  readonly high: number;
}

interface Source {
  readonly buffer: IioBuffer;
  readonly columns: readonly Column[];
}

/** Reads a Linux IIO device through its buffer: blocks of scans with the kernel's times, no object a sample. */
export class IioBufferedReader implements RunningDriver {
  readonly #host: DriverHost;
  readonly #settings: BufferedSettings;
  readonly #gauge: SamplingGauge;
  readonly #clock = new SampleClock();
  #source: Source | undefined;
  #stopped = false;
  #failed: { readonly atUs: number; readonly cause: unknown } | undefined;
  #lastUs: number | undefined;
  /** When something came last, or the device was opened, by the clock. */
  #heardUs = 0;
  #silences = 0;
  #silentFromUs: number | undefined;
  #counter = 0;
  #shiftUs = 0;
  #t = new Float64Array(0);
  #values: Float64Array[] = [];

  constructor(host: DriverHost, settings: BufferedSettings) {
    this.#host = host;
    this.#settings = settings;
    this.#gauge = new SamplingGauge(settings.channels.length);
    host.poll({ intervalMs: settings.intervalMs, aligned: false, deadlineMs }, () => this.#turn());
  }

  stop(): void {
    this.#stopped = true;
    const source = this.#source;
    this.#source = undefined;
    if (source === undefined) return;
    try {
      this.#drain(source);
    } catch {
      // What cannot be read any more is lost with the device; the gap is told at the next start.
    }
    source.buffer.close();
  }

  figures(): object {
    return { ...this.#gauge.figures(), silences: this.#silences };
  }

  async #turn(): Promise<void> {
    const nowUs = this.#host.clock.nowUs();
    // Between two attempts the poll goes on failing, so that the outage stays one.
    if (this.#failed !== undefined && Math.abs(nowUs - this.#failed.atUs) < retryUs) throw this.#failed.cause;
    try {
      this.#source ??= await this.#open(nowUs);
      this.#failed = undefined;
      if (this.#source !== undefined) this.#drain(this.#source);
    } catch (cause) {
      this.#failed = { atUs: nowUs, cause };
      this.#release();
      throw cause;
    }
    if (this.#source !== undefined) this.#watchSilence(this.#source, nowUs);
  }

  async #open(nowUs: number): Promise<Source | undefined> {
    const { root, device, channels } = this.#settings;
    const scales = new IioDevice(root, device);
    const buffer = await IioBuffer.open({ ...this.#settings, channels: channels.map(({ index }) => index) });
    const columns = await Promise.all(
      buffer.layout.channels.map((scan, at) => toColumn(scan, scales, channels[at])),
    );
    if (this.#stopped) {
      buffer.close();
      return undefined;
    }
    const { rateHz } = buffer.layout;
    this.#gauge.expect(rateHz === undefined ? undefined : 1e6 / rateHz);
    this.#heardUs = nowUs;
    return { buffer, columns };
  }

  /** A trigger that stopped is no error of the device: nothing comes, and nothing says why. */
  #watchSilence({ buffer }: Source, nowUs: number): void {
    const { rateHz } = buffer.layout;
    const limitUs = Math.max(silenceUs, rateHz === undefined ? 0 : (silenceIntervals * 1e6) / rateHz);
    // What was heard in this turn is later than its beginning; much later means that the clock was set back.
    if (this.#heardUs - nowUs > limitUs) this.#heardUs = nowUs;
    if (nowUs - this.#heardUs < limitUs) return;
    this.#silences += 1;
    this.#silentFromUs = this.#lastUs;
    this.#release();
  }

  #release(): void {
    const source = this.#source;
    this.#source = undefined;
    this.#clock.reset();
    this.#gauge.interrupt();
    source?.buffer.close();
  }

  #drain(source: Source): void {
    for (let reads = 0; reads < readsPerTurnMax; reads++) {
      const bytes = source.buffer.read();
      if (bytes.length === 0) return;
      this.#emit(source, bytes);
    }
  }

  #emit({ buffer, columns }: Source, bytes: Uint8Array): void {
    const { scanBytes } = buffer.layout;
    const scans = bytes.length / scanBytes;
    this.#reserve(scans);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const t = this.#t.subarray(0, scans);
    this.#stamp(buffer, view, t);
    if (this.#silentFromUs !== undefined) this.#host.gap(this.#silentFromUs, t[0]!, 'silent');
    this.#silentFromUs = undefined;
    const blocks = columns.map((column, at) => {
      const values = this.#values[at]!.subarray(0, scans);
      decode(column, view, scanBytes, values);
      this.#gauge.values(at, t, values, column.low, column.high);
      for (let row = 0; row < scans; row++) values[row] = (values[row]! + column.rawOffset) * column.factor;
      return values;
    });
    this.#lastUs = t[scans - 1]!;
    this.#heardUs = this.#host.clock.nowUs();
    this.#host.emit(t, blocks);
  }

  /** Fills in when each scan was taken: by the kernel's times, or evenly by the sampling frequency. */
  #stamp({ layout }: IioBuffer, view: DataView, t: Float64Array): void {
    const { scanBytes, timestamp, rateHz = 1 } = layout;
    const nowUs = this.#host.clock.nowUs();
    if (timestamp === undefined) {
      const intervalUs = 1e6 / rateHz;
      const block = { counter: this.#counter, sets: t.length, intervalNs: intervalUs * 1000 };
      const { firstUs } = this.#clock.place(block, nowUs);
      this.#counter = (this.#counter + t.length) % 2 ** 32;
      for (let row = 0; row < t.length; row++) t[row] = Math.round(firstUs + row * intervalUs);
      this.#gauge.counted(t.length, 0, t[t.length - 1]!);
      return;
    }
    for (let row = 0; row < t.length; row++) {
      t[row] = microseconds(view, row * scanBytes + timestamp.offsetBytes, timestamp.littleEndian);
    }
    this.#align(t, nowUs);
    this.#gauge.times(t, (fromUs, toUs) => this.#host.gap(fromUs, toUs, 'samples-missed'));
  }

  /** Shifts the kernel's times where the agent goes by another clock: one that was anchored later, or stepped. */
  #align(t: Float64Array, nowUs: number): void {
    const lagUs = nowUs - t[t.length - 1]!;
    if (isPlausible(lagUs)) this.#shiftUs = 0;
    else if (!isPlausible(lagUs - this.#shiftUs)) this.#shiftUs = lagUs;
    if (this.#shiftUs === 0) return;
    for (let row = 0; row < t.length; row++) t[row]! += this.#shiftUs;
  }

  #reserve(scans: number): void {
    if (scans <= this.#t.length) return;
    this.#t = new Float64Array(scans);
    this.#values = this.#settings.channels.map(() => new Float64Array(scans));
  }
}

function isPlausible(lagUs: number): boolean {
  return lagUs >= -leadMaxUs && lagUs <= lagMaxUs;
}

async function toColumn(scan: ScanChannel, scales: IioDevice, channel: Channel | undefined): Promise<Column> {
  const { offset, voltsPerCount } = await scales.readScale(scan.channel);
  const { low, high } = channel?.rails ?? railsOf(scan.type);
  return {
    read: rawReader(scan.type),
    offsetBytes: scan.offsetBytes,
    rawOffset: offset,
    factor: voltsPerCount * (channel?.scale ?? 1),
    low,
    high,
  };
}

/** Raw counts of one channel, in the order of sampling. */
function decode({ read, offsetBytes }: Column, view: DataView, scanBytes: number, into: Float64Array): void {
  for (let row = 0, at = offsetBytes; row < into.length; row++, at += scanBytes) into[row] = read(view, at);
}

/** An int64 of nanoseconds as integer microseconds: in two halves, since a double does not hold it. */
function microseconds(view: DataView, at: number, littleEndian: boolean): number {
  const high = view.getInt32(littleEndian ? at + 4 : at, littleEndian);
  const low = view.getUint32(littleEndian ? at : at + 4, littleEndian);
  // 2^32 = 4,294,967 × 1000 + 296: each half is divided for itself, so that all products stay exact.
  return high * 4_294_967 + Math.floor((high * 296 + low) / 1000);
}
