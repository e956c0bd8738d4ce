import { FieldlineError } from '@fieldline/protocol';
import type { BootPartition } from './boot/boot-partition.ts';
import { bootAreaBytes, findBootPartition } from './boot/find-boot-partition.ts';
import { ContentDigest, piecesOf, type BootFile } from './first-boot/boot-file.ts';
import { cloudInitFiles } from './first-boot/cloud-init.ts';
import { checkSettings, type DeviceSettings } from './first-boot/device-settings.ts';
import { firstBootMeans, type FirstBootMeans } from './first-boot/first-boot-means.ts';
import { firstrunFiles } from './first-boot/firstrun.ts';
import { installFiles, type AgentFiles } from './first-boot/install-script.ts';
import { giveMemoryBack } from './give-memory-back.ts';
import type { ImageSource } from './image/open-image.ts';
import { targetLimits, type BlockTarget } from './target/block-target.ts';

/** What a card or an image file is made from. */
export interface FlashPlan {
  readonly settings: DeviceSettings;
  readonly agent: AgentFiles;
}

/**
 * The steps of the work. The image is written up to the end of its boot partition, the files are put in, and the
 * rest is written: so each byte is final when its checksum is taken.
 */
export type FlashPhase = 'write' | 'inject' | 'sync' | 'verify';

/** Where the work is. `total` is undefined while only unpacking can tell. */
export interface FlashProgress {
  readonly phase: FlashPhase;
  readonly bytes: number;
  readonly total: number | undefined;
}

/** A file on the boot partition, with its SHA-256 in hexadecimal. */
export interface PlacedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What was made and proved. */
export interface FlashReport {
  readonly target: string;
  readonly image: string;
  readonly format: ImageSource['format'];
  readonly sizeBytes: number;
  /** SHA-256 of the whole as it was read back. */
  readonly sha256: string;
  readonly firstBoot: FirstBootMeans['kind'];
  /** The files that were put in, each read back and compared. */
  readonly files: readonly PlacedFile[];
  readonly seconds: Readonly<Record<FlashPhase, number>>;
}

/** How the caller follows and stops the work. */
export interface FlashControl {
  readonly onProgress?: (progress: FlashProgress) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds of a clock that only runs forward. */
  readonly nowMs?: () => number;
}

/**
 * Writes `image` to `target`, puts the plan's settings and agent into its boot partition, and reads all of it
 * back. Throws FieldlineError PROVISION_…; whatever ends it early has left a target that must not be used. Image
 * and target are open afterwards: the caller closes them.
 */
export async function flashImage(
  plan: FlashPlan,
  ends: { readonly image: ImageSource; readonly target: BlockTarget },
  control: FlashControl = {},
): Promise<FlashReport> {
  const checked = checkSettings(plan.settings);
  if (!checked.ok) {
    const { code, detail } = checked.refusal;
    throw new FieldlineError(code, { subject: plan.settings.name, detail });
  }
  return new Flash(plan, ends, control).run();
}

interface Placed {
  readonly means: FirstBootMeans;
  readonly files: readonly PlacedFile[];
}

class Flash {
  readonly #plan: FlashPlan;
  readonly #image: ImageSource;
  readonly #target: BlockTarget;
  readonly #control: FlashControl;
  readonly #seconds = { write: 0, inject: 0, sync: 0, verify: 0 };

  constructor(plan: FlashPlan, ends: { image: ImageSource; target: BlockTarget }, control: FlashControl) {
    this.#plan = plan;
    this.#image = ends.image;
    this.#target = ends.target;
    this.#control = control;
  }

  async run(): Promise<FlashReport> {
    const image = this.#image;
    const target = this.#target;
    giveMemoryBack();
    const { means, files } = await this.#written();
    await this.#phase('sync', () => target.sync());
    const sha256 = await this.#phase('verify', async () => {
      const digest = await target.verify(this.#bytes('verify', target.sizeBytes));
      await this.#proveFiles(files);
      return digest;
    });
    return {
      target: target.path,
      image: image.path,
      format: image.format,
      sizeBytes: target.sizeBytes,
      sha256,
      firstBoot: means.kind,
      files,
      seconds: this.#seconds,
    };
  }

  async #written(): Promise<Placed> {
    const target = this.#target;
    const blocks = this.#image.blocks(target.pool);
    const write = (untilBytes: number) =>
      target.write(blocks, untilBytes, this.#bytes('write', this.#image.unpackedBytes));
    try {
      await this.#phase('write', async () => {
        await write(targetLimits.blockBytes);
        await write(await bootAreaBytes(target));
      });
      const placed = await this.#phase('inject', () => this.#inject());
      await this.#phase('write', () => write(Infinity));
      return placed;
    } finally {
      await blocks.return();
    }
  }

  async #phase<Value>(phase: FlashPhase, work: () => Promise<Value>): Promise<Value> {
    const now = this.#control.nowMs ?? (() => performance.now());
    const startedMs = now();
    this.#control.signal?.throwIfAborted();
    const bytes = phase === 'write' ? this.#target.sizeBytes : 0;
    this.#control.onProgress?.({ phase, bytes, total: undefined });
    const value = await work();
    this.#seconds[phase] += (now() - startedMs) / 1000;
    return value;
  }

  #bytes(phase: FlashPhase, total: number | undefined) {
    const { onProgress, signal } = this.#control;
    return (bytes: number) => {
      onProgress?.({ phase, bytes, total });
      signal?.throwIfAborted();
    };
  }

  async #inject(): Promise<Placed> {
    const boot = await findBootPartition(this.#target);
    const means = firstBootMeans(boot);
    if (!means) throw new FieldlineError('PROVISION_FIRST_BOOT_UNKNOWN', { subject: this.#image.path });
    const files = filesOf(means, this.#plan);
    const placed = files.map((file) => placedIn(boot, file));
    boot.unmount();
    await this.#target.seal();
    return { means, files: placed };
  }

  /** The blocks are right already; this asks the file system, as the device will. */
  async #proveFiles(files: readonly PlacedFile[]): Promise<void> {
    const boot = await findBootPartition(this.#target);
    const wrong = files.find(({ path, sha256 }) => boot.sha256(path) !== sha256);
    boot.unmount();
    if (!wrong) return;
    throw new FieldlineError('PROVISION_VERIFY_FAILED', {
      subject: this.#target.path,
      detail: `${wrong.path}.`,
    });
  }
}

function filesOf(means: FirstBootMeans, { agent, settings }: FlashPlan): BootFile[] {
  // firstrun.sh removes itself.
  if (means.kind === 'firstrun') return [...installFiles(agent, []), ...firstrunFiles(settings, means)];
  const { files, secrets } = cloudInitFiles(settings, means);
  return [...installFiles(agent, secrets), ...files];
}

function placedIn(boot: BootPartition, { path, content }: BootFile): PlacedFile {
  const folders = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= folders.length; depth++) boot.makeFolder(folders.slice(0, depth).join('/'));
  const digest = new ContentDigest();
  boot.write(path, digest.of(piecesOf(content)));
  return { path, ...digest.end() };
}
