import { closeSync, constants, openSync, readSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FieldlineError, type Result } from '@fieldline/protocol';
import { layOutScan, parseScanType, type ScanElement, type ScanType } from './iio-scan-type.ts';

/** Which device is to be read through its buffer, and how. */
export interface IioBufferSettings {
  /** Folder of the devices in sysfs, such as `/sys/bus/iio/devices`. */
  readonly root: string;
  /** Folder of the character devices, such as `/dev`. */
  readonly deviceRoot: string;
  /** Name of the device in both: `iio:device0`. */
  readonly device: string;
  /** The channels `in_voltageN` to be captured. */
  readonly channels: readonly number[];
  /** Name of the trigger to use; undefined leaves that to the driver or to who prepared the device. */
  readonly trigger: string | undefined;
  /** Scans that the kernel keeps before it drops new ones. */
  readonly lengthScans: number;
}

/** Where a channel stands in a scan, and what its raw value means. */
export interface ScanChannel {
  readonly channel: number;
  readonly type: ScanType;
  readonly offsetBytes: number;
}

/** How scans are laid out. */
export interface ScanLayout {
  readonly scanBytes: number;
  /** In the order of the settings. */
  readonly channels: readonly ScanChannel[];
  /** Where the kernel's timestamp stands (int64 ns, `CLOCK_REALTIME`); undefined where there is none. */
  readonly timestamp: { readonly offsetBytes: number; readonly littleEndian: boolean } | undefined;
  /** How often the trigger, else the device, says that it samples; undefined where neither does. */
  readonly rateHz: number | undefined;
}

/** Bytes that one read may return. */
const readMaxBytes = 65_536;

/**
 * An IIO device that captures into its buffer (kernel: iio/iio-buffers): the channels are enabled in
 * `scan_elements`, the buffer is switched on, and the character device is read without blocking. Files that
 * hold the wanted value already are not written, so that a device which root has prepared needs no rights but
 * that to read.
 */
export class IioBuffer {
  readonly layout: ScanLayout;
  readonly #enablePath: string;
  readonly #enabledHere: boolean;
  readonly #descriptor: number;
  readonly #bytes = new Uint8Array(readMaxBytes);
  #kept = 0;

  private constructor(layout: ScanLayout, enable: { path: string; here: boolean }, descriptor: number) {
    this.layout = layout;
    this.#enablePath = enable.path;
    this.#enabledHere = enable.here;
    this.#descriptor = descriptor;
  }

  /** Prepares the device and switches its buffer on. Throws FieldlineError `SOURCE_IIO_UNREADABLE`. */
  static async open(settings: IioBufferSettings): Promise<IioBuffer> {
    const directory = join(settings.root, settings.device);
    const path = join(directory, 'buffer/enable');
    try {
      const plan = await planScan(directory, settings);
      const rateHz = await readRate(directory, settings);
      const layout = { ...toLayout(plan), rateHz };
      if (layout.timestamp === undefined && rateHz === undefined)
        throw unusable('It has neither timestamps nor a sampling frequency.');
      const here = await prepare(directory, settings, plan);
      const file = join(settings.deviceRoot, settings.device);
      const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
      return new IioBuffer(layout, { path, here }, descriptor);
    } catch (cause) {
      throw unreadable(settings, cause);
    }
  }

  /**
   * The scans that wait, whole ones only, at most 64 KiB: a view that is overwritten by the next call. Empty
   * where none waits. Throws what the system says when the device is gone.
   */
  read(): Uint8Array {
    const { scanBytes } = this.layout;
    const consumed = this.#kept - (this.#kept % scanBytes);
    this.#bytes.copyWithin(0, consumed, this.#kept);
    this.#kept -= consumed;
    this.#kept += readWaiting(this.#descriptor, this.#bytes, this.#kept);
    return this.#bytes.subarray(0, this.#kept - (this.#kept % scanBytes));
  }

  /** Switches the buffer off, unless somebody else had switched it on, and closes the device. */
  close(): void {
    closeSync(this.#descriptor);
    if (!this.#enabledHere) return;
    try {
      writeFileSync(this.#enablePath, '0');
    } catch {
      // The device is gone: so is its buffer.
    }
  }
}

/** Bytes read into `into` from `from` on; 0 where none waits. */
function readWaiting(descriptor: number, into: Uint8Array, from: number): number {
  try {
    return readSync(descriptor, into, from, into.length - from, null);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}

interface ScanPlan {
  /** The names of all elements that are to be enabled: channels in order, then perhaps the timestamp. */
  readonly names: readonly string[];
  readonly elements: readonly ScanElement[];
  readonly channels: readonly number[];
  readonly known: readonly string[];
}

async function planScan(directory: string, { channels }: IioBufferSettings): Promise<ScanPlan> {
  const files = await readdir(join(directory, 'scan_elements'));
  const known = files.filter((file) => file.endsWith('_en')).map((file) => file.slice(0, -'_en'.length));
  const wanted = channels.map((channel) => `in_voltage${channel}`);
  const missing = wanted.find((name) => !known.includes(name));
  if (missing !== undefined) throw unusable(`${missing} is none of its scan elements ${known.join(', ')}.`);
  const names = known.includes('in_timestamp') ? [...wanted, 'in_timestamp'] : wanted;
  const elements = await Promise.all(names.map((name) => readElement(directory, name)));
  return { names, elements, channels, known };
}

async function readElement(directory: string, name: string): Promise<ScanElement> {
  const [index, text] = await Promise.all([
    readText(join(directory, 'scan_elements', `${name}_index`)),
    readText(join(directory, 'scan_elements', `${name}_type`)),
  ]);
  const type = valueOf(parseScanType(text));
  return { index: Number(index), type };
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw unusable(`Unknown ${result.refusal.detail}.`);
  return result.value;
}

/** Brings the device into the wanted state; answers whether it was switched on here. */
async function prepare(directory: string, settings: IioBufferSettings, plan: ScanPlan): Promise<boolean> {
  const wanted: [string, string][] = [
    ...(settings.trigger === undefined
      ? []
      : [['trigger/current_trigger', settings.trigger] as [string, string]]),
    ...plan.known.map((name): [string, string] => [
      `scan_elements/${name}_en`,
      plan.names.includes(name) ? '1' : '0',
    ]),
    ['buffer/length', String(settings.lengthScans)],
  ];
  const clock = join(directory, 'current_timestamp_clock');
  const hasClock = await readText(clock).then(
    () => true,
    () => false,
  );
  if (hasClock) wanted.push(['current_timestamp_clock', 'realtime']);
  const differing: [string, string][] = [];
  for (const [name, value] of wanted) {
    if ((await readText(join(directory, name))) !== value) differing.push([name, value]);
  }
  const enable = join(directory, 'buffer/enable');
  const isOn = (await readText(enable)) === '1';
  if (differing.length === 0 && isOn) return false;
  // The kernel refuses changes while the buffer is on.
  if (isOn) await writeFile(enable, '0');
  for (const [name, value] of differing) await writeFile(join(directory, name), value);
  await writeFile(enable, '1');
  return true;
}

function toLayout(plan: ScanPlan): Omit<ScanLayout, 'rateHz'> {
  const { offsets, scanBytes } = layOutScan(plan.elements);
  const channels = plan.channels.map((channel, place) => ({
    channel,
    type: plan.elements[place]!.type,
    offsetBytes: offsets[place]!,
  }));
  const stamp = plan.elements[channels.length];
  const timestamp = stamp && {
    offsetBytes: offsets[channels.length]!,
    littleEndian: stamp.type.littleEndian,
  };
  return { scanBytes, channels, timestamp };
}

/** The sampling frequency of the trigger in use, else of the device: only the former rules where both are. */
async function readRate(directory: string, settings: IioBufferSettings): Promise<number | undefined> {
  const { root } = settings;
  const current = await readText(join(directory, 'trigger/current_trigger')).catch(() => '');
  const trigger = settings.trigger ?? current;
  const folders = trigger === '' ? [] : (await readdir(root)).filter((name) => name.startsWith('trigger'));
  for (const folder of folders) {
    const name = await readText(join(root, folder, 'name')).catch(() => '');
    if (name === trigger) return readPositive(join(root, folder, 'sampling_frequency'));
  }
  return readPositive(join(directory, 'sampling_frequency'));
}

async function readPositive(path: string): Promise<number | undefined> {
  const value = Number(await readText(path).catch(() => ''));
  return value > 0 && Number.isFinite(value) ? value : undefined;
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}

/** What is wrong with the device; the one who opened it adds its name. */
function unusable(detail: string): FieldlineError {
  return new FieldlineError('SOURCE_IIO_UNREADABLE', { subject: 'IIO device', detail });
}

function unreadable({ root, device }: IioBufferSettings, cause: unknown): FieldlineError {
  const known = cause instanceof FieldlineError ? cause.detail : undefined;
  const detail = known ?? (cause instanceof Error ? `${cause.message}.` : '');
  return new FieldlineError('SOURCE_IIO_UNREADABLE', { subject: join(root, device), detail, cause });
}
