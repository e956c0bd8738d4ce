import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { realFiles, type FileAccess } from '../local/file-access.ts';

/** Calls on the files of a journal that a test can stand in front of. A hook that throws makes the call fail. */
export interface FileHooks {
  /** Answers how many of `bytes` may be written before the call fails with ENOSPC; undefined: all. */
  write?: (name: string, bytes: number) => number | undefined;
  /** Also where a write of a file that was opened with O_DSYNC begins its sync. */
  datasync?: (name: string) => void;
  truncate?: (name: string) => void;
  read?: (name: string, position: number, bytes: number) => void;
  create?: (name: string) => void;
}

/** An error as the operating system reports it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wished`), { code });
}

/** The real disk, with hooks before the calls that can fail. */
export function watchedFiles(hooks: FileHooks): FileAccess {
  return {
    ...realFiles,
    open: async (path, flags, mode) => {
      const name = basename(String(path));
      if (flags === 'wx') hooks.create?.(name);
      const isDurable = typeof flags === 'number' && (flags & constants.O_DSYNC) !== 0;
      return watchHandle(await realFiles.open(path, flags, mode), { name, isDurable }, hooks);
    },
  };
}

function watchHandle(
  handle: FileHandle,
  { name, isDurable }: { name: string; isDurable: boolean },
  hooks: FileHooks,
): FileHandle {
  const watched: Partial<Record<PropertyKey, unknown>> = {
    write: async (bytes: Buffer, from: number, length: number, at: number) => {
      const allowed = Math.min(length, hooks.write?.(name, length) ?? length);
      if (allowed <= 0) throw systemError('ENOSPC');
      const written = await handle.write(bytes, from, allowed, at);
      if (isDurable) hooks.datasync?.(name);
      return written;
    },
    datasync: async () => {
      hooks.datasync?.(name);
      await handle.datasync();
    },
    truncate: async (length: number) => {
      hooks.truncate?.(name);
      await handle.truncate(length);
    },
    read: async (target: Buffer, from: number, length: number, position: number) => {
      hooks.read?.(name, position, length);
      return handle.read(target, from, length, position);
    },
  };
  return new Proxy(handle, {
    get: (target, key) => {
      if (key in watched) return watched[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
