import type { UpdateArch } from '@fieldline/protocol';

/** Debian's name of the processor that this runs on. */
export function archOf(processor: string): UpdateArch | undefined {
  const archs: Readonly<Record<string, UpdateArch>> = { x64: 'amd64', arm64: 'arm64', arm: 'armhf' };
  return archs[processor];
}
