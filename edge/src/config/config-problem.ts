import type { ErrorCode } from '@fieldline/protocol';

/** A path into the file: keys and indexes. */
export type ConfigPath = readonly (string | number)[];

/** One thing that is wrong in a configuration. */
export interface ConfigProblem {
  readonly code: ErrorCode;
  readonly path: ConfigPath;
  /** What is wrong there, without the path. */
  readonly reason: string;
}

/** Writes a path as people do: `sensors[0].baudRate`. */
export function formatPath(path: ConfigPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${part}`))
    .join('');
}

/** Reads a JSON pointer (RFC 6901) as a path. */
export function pathOfPointer(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
