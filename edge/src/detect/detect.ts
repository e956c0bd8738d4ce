import { listSerialPorts } from '../bindings/list-serial-ports.ts';
import { systemTimers } from '../bindings/timers.ts';
import { probePort, usualBaudRates, type ProbeOptions } from './probe-port.ts';
import type { Detection } from './suggest-config.ts';

/** Where to look, and how. */
export interface DetectOptions {
  /** Ports by path; those of all USB adapters where none is given. */
  readonly paths?: readonly string[];
  readonly baudRates?: readonly number[];
  /** How long to wait for the first byte at a rate, in milliseconds; default 2000. */
  readonly waitMs?: number;
  /** Bytes to send after each opening; nothing is ever written without them. */
  readonly send?: Uint8Array | undefined;
  readonly signal?: AbortSignal;
  /** Called before each rate. */
  readonly trying?: (path: string, baudRate: number) => void;
}

/** Ports that are probed in one go. */
export const portsMax = 64;
const waitDefaultMs = 2000;

/**
 * Listens at serial ports until it knows what speaks there and how fast: all ports at once, the rates one after
 * another. Failures of single ports are part of the answer.
 */
export async function detectSensors(options: DetectOptions = {}): Promise<Detection[]> {
  const { paths, baudRates = usualBaudRates, waitMs = waitDefaultMs, send } = options;
  const { signal = new AbortController().signal } = options;
  const found = paths?.map((path) => ({ path, usb: undefined })) ?? (await listSerialPorts());
  const ports = found.slice(0, portsMax);
  return Promise.all(
    ports.map(async (port) => {
      const probe: ProbeOptions = {
        path: port.path,
        baudRates,
        waitMs,
        send,
        timers: systemTimers,
        signal,
        trying: (baudRate) => options.trying?.(port.path, baudRate),
      };
      return { ...port, outcome: await probePort(probe) };
    }),
  );
}
