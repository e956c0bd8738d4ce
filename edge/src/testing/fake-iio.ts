import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** One scan of the fake device below. */
export interface FakeScan {
  /** Nanoseconds since the epoch. */
  readonly atNs: bigint;
  /** Signed 12 bits, left in 16 bits little endian. */
  readonly first: number;
  /** Unsigned 24 bits, left in 32 bits big endian. */
  readonly second: number;
}

/**
 * An IIO device as a tree of plain files: `in_voltage0` as `le:s12/16>>4`, `in_voltage1` as `be:u24/32>>8`,
 * with a trigger `t1`. The character device is a plain file, which too gives nothing where nothing waits.
 */
export class FakeIio {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async create(timestamps = true): Promise<FakeIio> {
    const fake = new FakeIio(await mkdtemp(join(tmpdir(), 'fieldline-iio-')));
    const files: Record<string, string> = {
      in_voltage0_raw: '100',
      in_voltage0_scale: '2',
      in_voltage1_raw: '7',
      in_voltage_scale: '0.5',
      in_voltage1_offset: '-8',
      sampling_frequency: '1600',
      current_timestamp_clock: 'realtime',
      'buffer/enable': '0',
      'buffer/length': '2',
      'trigger/current_trigger': '',
      'scan_elements/in_voltage0_en': '0',
      'scan_elements/in_voltage0_index': '0',
      'scan_elements/in_voltage0_type': 'le:s12/16>>4',
      'scan_elements/in_voltage1_en': '1',
      'scan_elements/in_voltage1_index': '1',
      'scan_elements/in_voltage1_type': 'be:u24/32>>8',
    };
    for (const [name, text] of Object.entries(files)) await fake.put(name, text);
    if (timestamps) {
      await fake.put('scan_elements/in_timestamp_en', '0');
      await fake.put('scan_elements/in_timestamp_index', '2');
      await fake.put('scan_elements/in_timestamp_type', 'le:s64/64>>0');
    }
    await fake.put('../trigger0/name', 't1');
    await fake.put('../trigger0/sampling_frequency', '100.000');
    await fake.plug();
    return fake;
  }

  /** Sets a file of the device. */
  async put(name: string, text: string): Promise<void> {
    const path = join(this.root, 'iio:device0', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${text}\n`);
  }

  /** What a file of the device holds now. */
  async get(name: string): Promise<string> {
    return (await readFile(join(this.root, 'iio:device0', name), 'utf8')).trim();
  }

  /** Gives the character device (back). */
  async plug(): Promise<void> {
    await mkdir(join(this.root, 'dev'), { recursive: true });
    await writeFile(join(this.root, 'dev/iio:device0'), '');
  }

  /** Captures scans of both channels and the timestamp, 16 bytes each. */
  async capture(scans: readonly FakeScan[], cutBytes = 0): Promise<void> {
    const bytes = Buffer.alloc(16 * scans.length);
    scans.forEach(({ atNs, first, second }, row) => {
      bytes.writeInt16LE(first << 4, 16 * row);
      bytes.writeUInt32BE(second * 256, 16 * row + 4);
      bytes.writeBigInt64LE(atNs, 16 * row + 8);
    });
    await appendFile(join(this.root, 'dev/iio:device0'), bytes.subarray(0, bytes.length - cutBytes));
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true });
  }
}
