import { FieldlineError } from '@fieldline/protocol';
import type modbus from 'modbus-serial';
import { findSerialPort, portName } from './find-serial-port.ts';
import { openFailure } from './serial-line.ts';
import type { UsbIdentity } from './serial-settings.ts';

/** The library's client: it is a CommonJS module that has itself as its default. */
type Client = InstanceType<typeof modbus.default>;

/** How a bus is found and opened. One of `port` and `usb` is given. */
export interface ModbusBusSettings {
  readonly port?: string | undefined;
  readonly usb?: UsbIdentity | undefined;
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  /** A device that has not answered by then is taken for absent, in milliseconds. */
  readonly answerMs: number;
}

/** Registers that are read with one question. */
export interface ModbusQuestion {
  /** Address of the device on the bus, 1 to 247. */
  readonly device: number;
  readonly table: 'holding' | 'input';
  readonly address: number;
  /** 16-bit registers. */
  readonly count: number;
}

/**
 * A Modbus RTU bus on a serial port, opened when the first question is asked. The library is loaded then too: an
 * agent without Modbus does not pay for it.
 */
export class ModbusBus {
  readonly #settings: ModbusBusSettings;
  #client: Client | undefined;

  constructor(settings: ModbusBusSettings) {
    this.#settings = settings;
  }

  /** Opens the bus where it is not open. Throws FieldlineError `SOURCE_PORT_…`. */
  async open(): Promise<void> {
    if (this.#client?.isOpen === true) return;
    await this.close();
    const { baudRate, parity, stopBits, answerMs } = this.#settings;
    const subject = portName(this.#settings);
    const path = await findSerialPort(this.#settings).catch(() => undefined);
    if (path === undefined) throw new FieldlineError('SOURCE_PORT_MISSING', { subject });
    const { default: library } = await import('modbus-serial');
    const client = new library.default();
    // The library forwards errors of the port as events; the next question finds the port closed.
    client.on('error', () => undefined);
    try {
      await client.connectRTUBuffered(path, { baudRate, parity, stopBits });
    } catch (cause) {
      const code = cause instanceof Error ? openFailure(cause) : 'SOURCE_PORT_FAILED';
      throw new FieldlineError(code, { subject, cause });
    }
    client.setTimeout(answerMs);
    this.#client = client;
  }

  /** The registers as they came, high byte first. Rejects where the device answers with an exception or not at all. */
  async read({ device, table, address, count }: ModbusQuestion): Promise<Buffer> {
    const client = this.#client;
    if (client === undefined)
      throw new FieldlineError('SOURCE_PORT_MISSING', { subject: portName(this.#settings) });
    client.setID(device);
    const answer =
      table === 'holding'
        ? await client.readHoldingRegisters(address, count)
        : await client.readInputRegisters(address, count);
    return answer.buffer;
  }

  /** Closes the port; the next `open` looks for it again. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client?.isOpen !== true) return;
    await new Promise<void>((resolve) => client.close(() => resolve()));
  }
}
