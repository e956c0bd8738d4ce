import { FieldlineError } from '@fieldline/protocol';
import { BlockTarget, listDisks, mayWrite, type Disk } from '@fieldline/provision';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { terminalAsker, type Asker } from '../flash/ask.ts';
import { deviceOptions } from '../flash/device-options.ts';
import { flashPlan } from '../flash/flash-plan.ts';
import { size } from '../flash/phase-line.ts';
import { runFlash } from '../flash/run-flash.ts';
import { table } from '../terminal/table.ts';

export const flashDisk = defineCommand({
  brief: 'Writes system, agent and settings of a device to a card or disk',
  description:
    'Without a disk: lists those that an image may be written to. A disk that is in use, read-only, built in or too small is refused. Before anything is overwritten the name of the disk is asked for again; --yes skips that.',
  examples: [
    'flash disk',
    'flash disk /dev/sdb --image raspios.img.xz --name greenhouse-1 --gateway mqtts://gateway.example:8883',
  ],
  options: {
    ...deviceOptions,
    image: text({ brief: 'The image to write (.img, .xz, .zst, .gz, .zip)', placeholder: 'IMAGE' }),
    anyDisk: toggle({ brief: 'Allow a disk that does not say that it is removable' }),
  },
  argument: { placeholder: 'DISK', brief: 'Such as /dev/sdb', optional: true },
  run: async ({ options, argument, io }) => {
    const disks = await listDisks();
    if (argument === undefined) {
      const free = disks.filter((disk) => mayWrite(disk, { imageBytes: undefined, anyDisk: false }).ok);
      if (options.json) io.printJson({ disks: free });
      else io.print(textOf(free, io));
      return 0;
    }
    const asker = terminalAsker(!options.yes && !options.json, io.interrupted);
    try {
      const image = options.image ?? (await asker.ask('Image', '--image'));
      return await runFlash({
        image,
        options,
        io,
        plan: async ({ unpackedBytes }) => {
          const disk = chosenDisk(disks, argument, { imageBytes: unpackedBytes, anyDisk: options.anyDisk });
          if (!options.yes) await confirm(disk, asker);
          return flashPlan(options, asker, io.progress);
        },
        target: () => {
          const { path, sizeBytes } = diskAt(disks, argument);
          return BlockTarget.openDisk(path, sizeBytes);
        },
      });
    } finally {
      asker.close();
    }
  },
});

function textOf(disks: readonly Disk[], io: CommandIo): string {
  if (disks.length === 0) return 'There is no removable disk that is free. Put a card in, and unmount it.';
  return table(
    [{ head: 'DISK' }, { head: 'SIZE', align: 'right' }, { head: 'MODEL' }],
    disks.map(({ path, sizeBytes, model }) => [path, size(sizeBytes), model]),
    io.style,
  );
}

function chosenDisk(
  disks: readonly Disk[],
  path: string,
  wanted: { imageBytes: number | undefined; anyDisk: boolean },
): Disk {
  const disk = diskAt(disks, path);
  const may = mayWrite(disk, wanted);
  if (may.ok) return disk;
  throw new FieldlineError(may.refusal.code, { subject: path, detail: may.refusal.detail });
}

function diskAt(disks: readonly Disk[], path: string): Disk {
  const disk = disks.find((each) => each.path === path);
  if (disk) return disk;
  const detail = 'There is no such disk; `fieldline flash disk` lists them.';
  throw new FieldlineError('PROVISION_TARGET_REFUSED', { subject: path, detail });
}

/** A letter typed in haste overwrites nothing: the whole name is wanted. */
async function confirm({ path, sizeBytes, model }: Disk, asker: Asker): Promise<void> {
  const what = [size(sizeBytes), model].filter(Boolean).join(', ');
  const typed = await asker.ask(`Everything on ${path} (${what}) will be lost. Type its name`, '--yes');
  if (typed === path) return;
  throw new FieldlineError('CLI_USAGE', {
    subject: path,
    detail: `"${typed}" was typed; nothing was written.`,
  });
}
