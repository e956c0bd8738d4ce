import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import type { UsbIdentity } from './serial-settings.ts';

/** Where udev names serial ports by the USB identity of their adapter. */
export const byIdDirectoryDefault = '/dev/serial/by-id';

/** A port that a sensor may be attached to. */
export interface PortCandidate {
  /** The steadiest name there is: below /dev/serial/by-id, else the device file. */
  readonly path: string;
  readonly usb: UsbIdentity | undefined;
}

/**
 * The ports of USB adapters: those that udev names by their identity, and others whose identity the system
 * tells. Built-in ports are not among them: most lead nowhere, and are asked for by path.
 */
export async function listSerialPorts(byIdDirectory = byIdDirectoryDefault): Promise<PortCandidate[]> {
  const known = new Map((await SerialPort.list().catch(() => [])).map((port) => [port.path, port]));
  const names = await readdir(byIdDirectory).catch(() => []);
  const candidates = await Promise.all(
    names.sort().map(async (name) => {
      const path = join(byIdDirectory, name);
      const device = await realpath(path).catch(() => path);
      const usb = identityOf(known.get(device));
      known.delete(device);
      return { path, usb };
    }),
  );
  for (const port of known.values()) {
    const usb = identityOf(port);
    if (usb !== undefined) candidates.push({ path: port.path, usb });
  }
  return candidates;
}

interface Listed {
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
}

function identityOf(port: Listed | undefined): UsbIdentity | undefined {
  if (port?.vendorId === undefined) return undefined;
  const { vendorId, productId, serialNumber } = port;
  return { vendorId, productId, serialNumber };
}
