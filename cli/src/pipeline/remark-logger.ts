import type { Logger } from '@fieldline/edge';
import type { CommandIo } from '../command/command-io.ts';

/** A logger for commands that read and write pipes: warnings and errors as remarks, nothing else. */
export function remarkLogger(io: CommandIo): Logger {
  const remark = (_about: object, message: string): void => io.remark(message);
  const ignore = (): void => undefined;
  return { debug: ignore, info: ignore, warn: remark, error: remark };
}
