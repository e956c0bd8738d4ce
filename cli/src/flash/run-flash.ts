import { FieldlineError } from '@fieldline/protocol';
import {
  flashImage,
  openImage,
  type BlockTarget,
  type FlashPlan,
  type FlashReport,
  type ImageSource,
} from '@fieldline/provision';
import type { CommandIo } from '../command/command-io.ts';
import { awaitDevice } from './await-device.ts';
import type { DeviceOptions } from './device-options.ts';
import { PhaseLine, size } from './phase-line.ts';

/** What a flash command does with its image. */
export interface FlashWork {
  /** Path of the image. */
  readonly image: string;
  /** Makes plan and target, in this order, once the image is known to be one. */
  readonly prepare: (image: ImageSource) => Promise<{ plan: FlashPlan; target: BlockTarget }>;
  readonly options: DeviceOptions;
  readonly io: CommandIo;
}

/**
 * Opens the image, writes and proves the plan, says so, and waits for the device where it is to be awaited.
 * Answers the exit code. An interruption throws PROVISION_TARGET_FAILED: a card then is incomplete; a file that
 * was not finished is removed.
 */
export async function runFlash({ image, prepare, options, io }: FlashWork): Promise<number> {
  const source = await openImage(image);
  try {
    const { plan, target } = await prepare(source);
    const report = await written(plan, { image: source, target }, io);
    return await told(plan.settings.name, report, { options, io });
  } finally {
    await source.close();
  }
}

async function told(
  name: string,
  report: FlashReport,
  { options, io }: Pick<FlashWork, 'options' | 'io'>,
): Promise<number> {
  const { json, noWait } = options;
  if (!json) for (const line of linesOf(report)) io.print(line);
  if (noWait) {
    if (json) io.printJson(report);
    return 0;
  }
  if (!json) io.remark(`Put the card into ${name} and switch it on. Ctrl-C stops waiting; the card is done.`);
  const arrival = await awaitDevice(name, { ...options, waitUs: options.wait }, io);
  if (json) io.printJson({ ...report, ...arrival });
  else if (arrival.arrived)
    io.print(`${io.style.good('Online')}    ${name} reported after ${arrival.seconds} s`);
  else io.remark(arrival.hint);
  return arrival.arrived ? 0 : 1;
}

async function written(
  plan: FlashPlan,
  ends: { image: ImageSource; target: BlockTarget },
  io: CommandIo,
): Promise<FlashReport> {
  const line = new PhaseLine(() => performance.now());
  const { target } = ends;
  try {
    return await flashImage(plan, ends, {
      signal: io.interrupted,
      onProgress: (progress) => io.progress(line.text(progress)),
    });
  } catch (cause) {
    await target.discard();
    if (!io.interrupted.aborted) throw cause;
    const detail = 'It was interrupted.';
    throw new FieldlineError('PROVISION_TARGET_FAILED', { subject: target.path, detail, cause });
  } finally {
    await target.close();
  }
}

function linesOf({ target, sizeBytes, seconds, sha256, files, firstBoot }: FlashReport): string[] {
  const { write, verify } = seconds;
  return [
    `Written   ${target}: ${size(sizeBytes)} in ${write.toFixed(1)} s, ${size(sizeBytes / write)}/s`,
    `Verified  every byte read back in ${verify.toFixed(1)} s; ${files.length} files put in, by ${firstBoot}`,
    `SHA-256   ${sha256}`,
  ];
}
