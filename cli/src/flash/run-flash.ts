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
import type { CardPlan } from './flash-plan.ts';
import { timeOf } from './known-device.ts';
import { PhaseLine, size } from './phase-line.ts';
import { revokeDevice } from './revoke-device.ts';

/** What a flash command does with its image. */
export interface FlashWork {
  /** Path of the image. */
  readonly image: string;
  /** Makes the plan, once the image is known to be one. */
  readonly plan: (image: ImageSource) => Promise<CardPlan>;
  /** Opens what is written to. */
  readonly target: (plan: CardPlan) => Promise<BlockTarget>;
  readonly options: DeviceOptions;
  readonly io: CommandIo;
}

/**
 * Opens the image, writes and proves the plan, says so, and waits for the device where it is to be awaited.
 * Answers the exit code. An interruption throws PROVISION_TARGET_FAILED: a card then is incomplete; a file that
 * was not finished is removed.
 */
export async function runFlash({ image, options, io, ...work }: FlashWork): Promise<number> {
  const source = await openImage(image);
  try {
    const plan = await work.plan(source);
    const report = await made(plan, { image: source, target: () => work.target(plan) }, { options, io });
    return await told(plan, report, { options, io });
  } finally {
    await source.close();
  }
}

/** Writes the card. A device that was registered for a card that failed is revoked: the next one registers it anew. */
async function made(
  plan: CardPlan,
  ends: { readonly image: ImageSource; readonly target: () => Promise<BlockTarget> },
  { options, io }: Pick<FlashWork, 'options' | 'io'>,
): Promise<FlashReport> {
  try {
    return await written(plan, { image: ends.image, target: await ends.target() }, io);
  } catch (cause) {
    if (plan.isRegistered) await revokeDevice(plan.settings.name, options).catch(() => undefined);
    throw cause;
  }
}

async function told(
  { settings: { name }, known }: CardPlan,
  report: FlashReport,
  { options, io }: Pick<FlashWork, 'options' | 'io'>,
): Promise<number> {
  const { json, noWait } = options;
  const { claimUntilUs } = known;
  const about = { ...report, ...(claimUntilUs !== undefined && { claimUntilUs }) };
  if (!json) for (const line of linesOf(about)) io.print(line);
  if (noWait) {
    if (json) io.printJson(about);
    return 0;
  }
  if (!json) io.remark(`Put the card into ${name} and switch it on. Ctrl-C stops waiting; the card is done.`);
  const arrival = await awaitDevice(name, { ...options, waitUs: options.wait, known }, io);
  if (json) io.printJson({ ...about, ...arrival });
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

function linesOf(report: FlashReport & { readonly claimUntilUs?: number }): string[] {
  const { target, sizeBytes, seconds, sha256, files, firstBoot, claimUntilUs } = report;
  const { write, verify } = seconds;
  return [
    `Written   ${target}: ${size(sizeBytes)} in ${write.toFixed(1)} s, ${size(sizeBytes / write)}/s`,
    `Verified  every byte read back in ${verify.toFixed(1)} s; ${files.length} files put in, by ${firstBoot}`,
    `SHA-256   ${sha256}`,
    ...(claimUntilUs === undefined
      ? []
      : [`Claim     good until ${timeOf(claimUntilUs)}: the device is to be switched on before`]),
  ];
}
