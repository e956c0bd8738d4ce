import { execFile } from 'node:child_process';

const STTY_TIMEOUT_MS = 2000;

/**
 * The baud rate that the reader has set on the port at `path`; undefined where `stty` does not exist or the port
 * is gone. A pseudo-terminal keeps the figure and otherwise ignores it: see `uart/garble.ts`.
 */
export function readerSpeed(path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile('stty', ['-F', path, 'speed'], { timeout: STTY_TIMEOUT_MS }, (error, stdout) => {
      const speed = Number(stdout.trim());
      resolve(!error && Number.isInteger(speed) && speed > 0 ? speed : undefined);
    });
  });
}

/**
 * Sets raw mode, as good manners towards a reader that does not (`cat`): neither echo nor a translated line end.
 * Without `stty` the port starts like any fresh tty; serial libraries set raw mode themselves when they open it.
 */
export function setRaw(path: string): Promise<void> {
  return new Promise((resolve) => {
    execFile('stty', ['-F', path, 'raw', '-echo'], { timeout: STTY_TIMEOUT_MS }, () => resolve());
  });
}
