import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { parseScanType, type ScanType } from './iio-scan-type.ts';

/** Where Linux shows its industrial I/O devices. */
export const iioRootDefault = '/sys/bus/iio/devices';

/**
 * One IIO device in sysfs, read one channel at a time (Documentation/ABI/testing/sysfs-bus-iio): volts =
 * (`in_voltageN_raw` + offset) × scale / 1000, since the scale gives millivolts.
 */
export class IioDevice {
  readonly #directory: string;
  readonly #scales = new Map<number, { offset: number; voltsPerCount: number }>();

  /** `device`: its folder below `root`, such as `iio:device0`. */
  constructor(root: string, device: string) {
    this.#directory = join(root, device);
  }

  /**
   * Volts of one channel now. Throws FieldlineError `SOURCE_IIO_UNREADABLE`; scale and offset are read at the
   * first time only, and again after a failure.
   */
  async readVolts(channel: number): Promise<number> {
    try {
      const { offset, voltsPerCount } = this.#scales.get(channel) ?? (await this.readScale(channel));
      const raw = await this.#readNumber(`in_voltage${channel}_raw`);
      return (raw + offset) * voltsPerCount;
    } catch (cause) {
      this.#scales.delete(channel);
      const subject = join(this.#directory, `in_voltage${channel}_raw`);
      const detail = cause instanceof Error ? `${cause.message}.` : '';
      throw new FieldlineError('SOURCE_IIO_UNREADABLE', { subject, detail, cause });
    }
  }

  /** What makes volts of raw values: volts = (raw + offset) × voltsPerCount. Without files: 0 and 1/1000. */
  async readScale(channel: number): Promise<{ offset: number; voltsPerCount: number }> {
    const millivolts = await this.#firstNumber([`in_voltage${channel}_scale`, 'in_voltage_scale'], 1);
    const offset = await this.#firstNumber([`in_voltage${channel}_offset`, 'in_voltage_offset'], 0);
    const scale = { offset, voltsPerCount: millivolts / 1000 };
    this.#scales.set(channel, scale);
    return scale;
  }

  /** The packing of a channel's samples, from which its rails follow; undefined for a device without a buffer. */
  async readScanType(channel: number): Promise<ScanType | undefined> {
    const path = join(this.#directory, 'scan_elements', `in_voltage${channel}_type`);
    const type = parseScanType(await readFile(path, 'utf8').catch(() => ''));
    return type.ok ? type.value : undefined;
  }

  /** The first of the files that exists: a channel's own, else that of all channels. */
  async #firstNumber(names: readonly string[], fallback: number): Promise<number> {
    for (const name of names) {
      const value = await this.#readNumber(name).catch(() => undefined);
      if (value !== undefined) return value;
    }
    return fallback;
  }

  async #readNumber(name: string): Promise<number> {
    const text = await readFile(join(this.#directory, name), 'utf8');
    return text.trim() === '' ? Number.NaN : Number(text);
  }
}
