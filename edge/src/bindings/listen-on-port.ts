import { once } from 'node:events';
import { FieldlineError } from '@fieldline/protocol';
import { SerialPort } from 'serialport';
import { openFailure } from './serial-line.ts';

/** How a port is listened to. */
export interface ListenOptions {
  readonly path: string;
  readonly baudRate: number;
  /** Bytes to send after opening; nothing is ever written without them. */
  readonly send: Uint8Array | undefined;
  /** Called for each chunk; the first answer of true ends the listening. */
  readonly heard: (chunk: Uint8Array) => boolean;
  /** Ends the listening. */
  readonly signal: AbortSignal;
}

/**
 * Opens a port at one baud rate, and listens until `heard` has had enough or the signal aborts. The control lines
 * are left as they are at the close (`hupcl`), since many boards restart when they drop. Throws FieldlineError
 * `SOURCE_PORT_…` where the port cannot be opened or fails.
 */
export async function listenOnPort({ path, baudRate, send, heard, signal }: ListenOptions): Promise<void> {
  const port = new SerialPort({ path, baudRate, autoOpen: false, hupcl: false });
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  try {
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    let failure: Error | undefined;
    port.on('data', (chunk: Uint8Array) => {
      if (!until.aborted && heard(chunk)) ended.abort();
    });
    port.on('error', (error) => {
      failure = error;
      ended.abort();
    });
    port.on('close', () => ended.abort());
    if (send !== undefined) port.write(send);
    if (!until.aborted) await once(until, 'abort');
    if (failure !== undefined) throw failure;
  } catch (cause) {
    const code = cause instanceof Error ? openFailure(cause) : 'SOURCE_PORT_FAILED';
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError(code, { subject: path, detail, cause });
  } finally {
    port.removeAllListeners('data');
    if (port.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
  }
}
