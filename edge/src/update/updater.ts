import {
  FieldlineError,
  refused,
  UpdateOrder,
  type ErrorCode,
  type Refusal,
  type Result,
  type UpdateArch,
  type UpdateManifest,
  type UpdateProgress,
} from '@fieldline/protocol';
import { Value } from 'typebox/value';
import type { DiskSteps } from '../bindings/disk-steps.ts';
import type { Timers } from '../bindings/timers.ts';
import type { Logger } from '../logger.ts';
import type { Launched } from './launched.ts';
import { readState, type Outcome, type UpdateState } from './update-state.ts';
import { writeState } from './write-state.ts';

/** Space that is left for readings while an update is put on the disk, in bytes. */
export const spareBytes = 4 * 1024 * 1024;

/** What an updater acts on. */
export interface UpdaterOptions {
  /** Undefined where no launcher started the agent: no update is taken. */
  readonly launched: Launched | undefined;
  /** Public keys whose signature counts, and how long a new version may take to deliver, in milliseconds. */
  readonly keys: readonly string[];
  readonly confirmWithinMs: number;
  readonly arch: UpdateArch | undefined;
  readonly runningVersion: string;
  /** Where bundles are, `https://HOST:PORT`, for a gateway that listens on `port`. */
  readonly gatewayUrl: (port: number) => string;
  /** How long until no window is open, in milliseconds. */
  untilBoundaryMs(): number;
  /** Ends the agent in order; whoever keeps it running starts it again. */
  restart(): void;
  /** Has the status told again. */
  report(): void;
  readonly disk: DiskSteps;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Takes an update over the air:
 *
 *     order ─► signed, for this processor, newer? ─► room? ─► fetch, going on where it stopped ─► digest ─► unpack beside
 *       └──────────────┴──► refused                                                                          │
 *                  window boundary ◄── on trial, in one step ◄───────────────────────────────────────────────┘
 *                     └─► the launcher starts it ─┬─ a batch is acknowledged ─► committed
 *                                                 └─ deadline, crashes ─► the launcher starts the one before: rolled back
 *
 * One at a time. The same order again changes nothing; what failed by circumstances is tried again with it.
 */
export class Updater {
  /** Since the start of the agent. */
  readonly counters = { orders: 0, receivedBytes: 0, committed: 0, failures: new Map<ErrorCode, number>() };
  readonly #options: UpdaterOptions;
  readonly #stopping = new AbortController();
  /** The offer whose version this process tries: what it delivers says nothing of one that is put on trial behind it. */
  readonly #trialOffer: string | undefined;
  #state: UpdateState;
  #progress: UpdateProgress | undefined;
  #work: Promise<void> | undefined;
  #isCommitting = false;
  #cancelRestart: () => void = () => undefined;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    const { launched } = options;
    this.#state = launched ? readState(launched.directory) : {};
    const { trial, outcome } = this.#state;
    this.#trialOffer = launched?.isTrial === true ? trial?.offer : undefined;
    if (trial) this.#progress = { offer: trial.offer, version: trial.version, state: 'trial' };
    else if (outcome) this.#progress = outcome;
  }

  /** How far the newest update has come; undefined where there was none. */
  progress(): UpdateProgress | undefined {
    return this.#progress;
  }

  /** Whether this version has still to show that it delivers. */
  get isOnTrial(): boolean {
    return this.#trialOffer !== undefined && this.#state.trial?.offer === this.#trialOffer;
  }

  /** Counters for the command `stats`. */
  figures(): Record<string, unknown> {
    return { ...this.counters, failures: Object.fromEntries(this.counters.failures) };
  }

  /** The command `update`. Rejects with FieldlineError where there is nothing that could be reported by itself. */
  async order(args: unknown): Promise<UpdateProgress> {
    if (!Value.Check(UpdateOrder, args))
      throw new FieldlineError('UPLINK_MESSAGE_INVALID', { subject: 'update', detail: 'Its arguments.' });
    // Loaded now, as all that follows: a device needs it once in months, and TLS, HTTP and archives stay in memory.
    const { checkOrder } = await import('./check-order.ts');
    const { offer } = args;
    const known = this.#progress;
    if (known?.offer === offer && known.state !== 'failed') return known;
    if (this.#work || this.#state.trial)
      throw new FieldlineError('UPDATE_BUSY', { subject: known?.version ?? '', detail: `Offer ${offer}.` });
    this.counters.orders += 1;
    const { launched } = this.#options;
    const checked: Result<UpdateManifest> = launched
      ? checkOrder(args.bundles, this.#options)
      : refused('UPDATE_NOT_ENABLED', 'No launcher started the agent.');
    const version = checked.ok ? checked.value.version : versionIn(args);
    this.#tell({ offer, version, state: 'downloading' });
    const run = launched && checked.ok ? this.#take(args, checked.value, launched) : this.#end(checked);
    this.#work = run
      .catch((cause: unknown) => this.#fail(writeFailure(cause)))
      .finally(() => (this.#work = undefined));
    return this.#progress ?? { offer, version, state: 'downloading' };
  }

  /** The gateway has acknowledged a batch that this version has made: a trial has succeeded. */
  delivered(): void {
    const { launched, logger, disk } = this.#options;
    const { trial } = this.#state;
    if (!launched || !trial || !this.isOnTrial || this.#isCommitting) return;
    this.#isCommitting = true;
    const { offer, starts: _, withinMs: __, ...running } = trial;
    const outcome = { offer, version: trial.version, state: 'committed' as const };
    const next = { running, outcome };
    writeState(launched.directory, next, disk)
      .then(() => {
        this.#state = next;
        this.counters.committed += 1;
        logger.info({ version: trial.version }, 'the update is committed');
        this.#tell(outcome);
      })
      // The next batch tries again, until the time of the trial is over.
      .catch((cause: unknown) => logger.warn({ cause: String(cause) }, 'the update cannot be committed'))
      .finally(() => (this.#isCommitting = false));
  }

  /** Ends a download; what it has brought is kept. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelRestart();
    await this.#work;
  }

  async #take(order: UpdateOrder, manifest: UpdateManifest, launched: Launched): Promise<void> {
    const { offer } = order;
    const { version } = manifest;
    if (version === this.#options.runningVersion) return this.#settle({ offer, version, state: 'committed' });
    const { directory, packagedVersion } = launched;
    const { disk, timers, confirmWithinMs } = this.#options;
    const state = this.#state;
    const { installBundle, sweep } = await import('./install-bundle.ts');
    await disk.makeFolder(directory);
    await sweep(directory, { state, manifest, disk });
    const freeBytes = await disk.freeBytes(directory);
    if (freeBytes < manifest.sizeBytes + manifest.unpackedBytes + spareBytes)
      return this.#fail(room(freeBytes, manifest));
    const bundle = await this.#fetch(order, manifest, launched);
    if (!bundle.ok) return this.#end(bundle);
    this.#tell({ offer, version, state: 'installing' });
    const installed = await installBundle(bundle.value, { directory, manifest, packagedVersion, disk });
    if (!installed.ok) return this.#end(installed);
    const trial = { ...installed.value, offer, starts: 0, withinMs: confirmWithinMs };
    const { running } = state;
    const next = { ...(running && { running }), trial };
    await writeState(directory, next, disk);
    this.#state = next;
    await disk.remove(bundle.value);
    this.#tell({ offer, version, state: 'trial' });
    const delayMs = this.#options.untilBoundaryMs();
    this.#cancelRestart = timers.after(delayMs, () => this.#options.restart());
  }

  async #fetch(
    { port, ticket, pin }: UpdateOrder,
    manifest: UpdateManifest,
    { directory }: Launched,
  ): Promise<Result<string>> {
    const { disk, timers, gatewayUrl } = this.#options;
    const { fetchBundle } = await import('./fetch-bundle.ts');
    const url = new URL(`/api/v1/updates/bundles/${manifest.sha256}`, gatewayUrl(port));
    url.searchParams.set('ticket', ticket);
    return fetchBundle({
      manifest,
      directory,
      source: { url, trust: { kind: 'pin', fingerprint: pin }, signal: this.#stopping.signal },
      disk,
      timers,
      onBytes: (countBytes) => (this.counters.receivedBytes += countBytes),
    });
  }

  async #end(outcome: Result<unknown>): Promise<void> {
    if (outcome.ok) return;
    const { code, detail } = outcome.refusal;
    if (passing.has(code)) return this.#fail(outcome.refusal);
    const { offer, version } = this.#progress ?? { offer: '', version: '' };
    this.#count(outcome.refusal);
    await this.#settle({ offer, version, state: 'refused', code, detail: detail.slice(0, detailMax) });
  }

  /** Keeps how an offer ended, so that it is not taken up again at the next start. */
  async #settle(outcome: Outcome): Promise<void> {
    const { launched, disk } = this.#options;
    const { running } = this.#state;
    this.#state = { ...(running && { running }), outcome };
    if (launched)
      await writeState(launched.directory, this.#state, disk).catch((cause: unknown) =>
        this.#options.logger.warn({ cause: String(cause) }, 'how the update ended cannot be kept'),
      );
    this.#tell(outcome);
  }

  #fail({ code, detail }: Refusal): void {
    this.#count({ code, detail });
    const { offer, version } = this.#progress ?? { offer: '', version: '' };
    this.#tell({ offer, version, state: 'failed', code, detail: detail.slice(0, detailMax) });
  }

  #count({ code, detail }: Refusal): void {
    const { failures } = this.counters;
    failures.set(code, (failures.get(code) ?? 0) + 1);
    const error = new FieldlineError(code, { subject: this.#progress?.version ?? '', detail });
    this.#options.logger.warn({ code }, error.message);
  }

  #tell(progress: UpdateProgress): void {
    this.#progress = progress;
    this.#options.report();
  }
}

/** What may be different at the next attempt. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UPDATE_DOWNLOAD_FAILED',
  'UPDATE_NO_SPACE',
  'UPDATE_WRITE_FAILED',
  'UPLINK_UNREACHABLE',
  'UPLINK_GATEWAY_UNTRUSTED',
]);
/** Longest detail of a report, in characters. */
const detailMax = 512;

/** Of an order that was refused: nobody vouches for it, and it is only shown. */
function versionIn({ bundles }: UpdateOrder): string {
  const found = /"version":"([\w.+-]{1,64})"/.exec(bundles[0]?.manifest ?? '');
  return found?.[1] ?? 'unknown';
}

function room(freeBytes: number, { sizeBytes, unpackedBytes }: UpdateManifest): Refusal {
  const neededBytes = sizeBytes + unpackedBytes + spareBytes;
  return { code: 'UPDATE_NO_SPACE', detail: `${freeBytes} bytes are free; ${neededBytes} are needed.` };
}

function writeFailure(cause: unknown): Refusal {
  const isFull = cause instanceof Error && 'code' in cause && /^(ENOSPC|EDQUOT)$/.test(String(cause.code));
  return { code: isFull ? 'UPDATE_NO_SPACE' : 'UPDATE_WRITE_FAILED', detail: `${String(cause)}.` };
}
