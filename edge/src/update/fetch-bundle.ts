import { join } from 'node:path';
import { accepted, refused, type Result, type UpdateManifest } from '@fieldline/protocol';
import type { DiskSteps } from '../bindings/disk-steps.ts';
import { downloadRange, type RangeRequest } from '../bindings/secure-download.ts';
import type { Timers } from '../bindings/timers.ts';
import { Backoff } from '../retry/backoff.ts';
import { updateFolders } from './install-bundle.ts';
import { sha256Of } from './unpack-bundle.ts';

/** Attempts that bring no new byte, one after another, before the download is given up for now. */
export const barrenAttemptsMax = 8;
const backoffLimits = { firstMs: 500, maxMs: 60_000 };

/** Where a bundle comes from and goes to. */
export interface FetchOptions {
  readonly manifest: UpdateManifest;
  /** The folder of the updates. */
  readonly directory: string;
  readonly source: Pick<RangeRequest, 'url' | 'trust' | 'signal'>;
  readonly disk: DiskSteps;
  readonly timers: Timers;
  readonly onBytes: (countBytes: number) => void;
}

/**
 * Fetches a bundle, going on with what an earlier attempt has left, also one before a restart; answers its path once
 * all of it is durable and has the digest of the manifest. Refused as UPDATE_DOWNLOAD_FAILED, UPDATE_DAMAGED, or as
 * the connection was; rejects with the error of the file system.
 */
export async function fetchBundle(options: FetchOptions): Promise<Result<string>> {
  const { manifest, directory, disk } = options;
  const folder = join(directory, updateFolders.downloads);
  const path = join(folder, `${manifest.sha256}.part`);
  await disk.makeFolder(folder);
  const hadBytes = await disk.sizeBytes(path);
  const fetched = await fetchRest(path, options);
  if (!fetched.ok) return fetched;
  if (await isWhole(path, options)) return accepted(path);
  await disk.remove(path);
  // What was left before a power cut may hold zeros in the place of what was not durable: once more, from its beginning.
  if (hadBytes === 0) return refused('UPDATE_DAMAGED', 'The bundle has another digest.');
  return fetchBundle(options);
}

async function isWhole(path: string, { manifest, disk }: FetchOptions): Promise<boolean> {
  await disk.sync(path);
  return (await sha256Of(path, disk)) === manifest.sha256;
}

async function fetchRest(path: string, options: FetchOptions): Promise<Result<undefined>> {
  const { manifest, disk, source, timers, onBytes } = options;
  const { sizeBytes } = manifest;
  const backoff = new Backoff(backoffLimits);
  let fromBytes = await disk.sizeBytes(path);
  let barren = 0;
  while (fromBytes < sizeBytes) {
    const take = async (chunk: Uint8Array): Promise<void> => {
      await disk.append(path, chunk);
      onBytes(chunk.length);
    };
    const outcome = await downloadRange({ ...source, fromBytes, sizeBytes, take }).catch(fault);
    const nowBytes = await disk.sizeBytes(path);
    barren = nowBytes > fromBytes ? 0 : barren + 1;
    fromBytes = nowBytes;
    if (fromBytes >= sizeBytes) break;
    if (barren >= barrenAttemptsMax || (!outcome.ok && outcome.refusal.code === 'UPDATE_DOWNLOAD_FAILED'))
      return outcome.ok
        ? refused('UPDATE_DOWNLOAD_FAILED', `${fromBytes} of ${sizeBytes} bytes came.`)
        : outcome;
    if (!(await pause(backoff.nextMs(), source.signal, timers)))
      return refused('UPDATE_DOWNLOAD_FAILED', 'The agent is stopping.');
  }
  return accepted(undefined);
}

/** A connection that breaks is tried again; a disk that takes nothing is not. */
function fault(error: unknown): Result<undefined> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS' || code === 'EIO') throw error;
  return refused('UPLINK_UNREACHABLE', error instanceof Error ? error.message : String(error));
}

function pause(delayMs: number, signal: AbortSignal, timers: Timers): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const cancel = timers.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    });
    function onAbort(): void {
      cancel();
      resolve(false);
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
