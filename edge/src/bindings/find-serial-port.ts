import { SerialPort } from 'serialport';
import type { SerialSettings, UsbIdentity } from './serial-settings.ts';

/** What a port says of itself: the parts of serialport's answer that identify it. */
export interface PortIdentity {
  readonly path: string;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/** The part of a line's settings by which its port is found. */
export type PortChoice = Pick<SerialSettings, 'port' | 'usb'>;

/**
 * The path to open now: the configured one, or that of the first port with the USB identity, since a
 * replugged adapter may come back under another name. Undefined where there is none.
 */
export async function findSerialPort(settings: PortChoice): Promise<string | undefined> {
  if (settings.port !== undefined) return settings.port;
  const { usb } = settings;
  if (usb === undefined) return undefined;
  const ports: PortIdentity[] = await SerialPort.list();
  return matchPort(ports, usb)?.path;
}

/** The first port of which every given part of the identity matches. */
export function matchPort(ports: readonly PortIdentity[], usb: UsbIdentity): PortIdentity | undefined {
  return ports.find(
    (port) =>
      same(usb.vendorId, port.vendorId) &&
      same(usb.productId, port.productId) &&
      same(usb.serialNumber, port.serialNumber),
  );
}

/** How an identity is written for people: `usb 1a86:7523 ABC`. */
export function portName(settings: PortChoice): string {
  const { port, usb } = settings;
  if (port !== undefined) return port;
  return `usb ${usb?.vendorId ?? '*'}:${usb?.productId ?? '*'} ${usb?.serialNumber ?? ''}`.trim();
}

function same(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || wanted.toLowerCase() === found?.toLowerCase();
}
