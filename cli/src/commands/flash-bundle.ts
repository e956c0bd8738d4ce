import { defineCommand } from '../command/define-command.ts';
import { choice, text, toggle } from '../command/option.ts';
import { archs, buildPackages } from '../flash/build-packages.ts';
import { size } from '../flash/phase-line.ts';

export const flashBundle = defineCommand({
  brief: 'Packs the agent for a kind of device: Debian packages and an archive',
  description:
    'One file with the agent, the addon for serial ports, the systemd unit, and a Node.js from the npm registry, compared with its pinned checksum and kept in the cache of the user. The same version gives the same bytes.',
  examples: ['flash bundle --arch arm64', 'flash bundle --arch armhf --output ./packages --json'],
  options: {
    arch: choice({ brief: 'Raspberry Pi OS 64 bit, 32 bit, or a PC', words: archs, fallback: 'arm64' }),
    output: text({ brief: 'Folder for what is made', placeholder: 'DIR', fallback: './packages' }),
    json: toggle({ brief: 'Print {arch, files: [{path, sizeBytes}]}' }),
  },
  run: async ({ options, io }) => {
    const { arch, output, json } = options;
    const files = await buildPackages({
      arch,
      folder: output,
      withArchive: true,
      onStep: (step) => io.progress(step),
    });
    if (json) io.printJson({ arch, files });
    else for (const { path, sizeBytes } of files) io.print(`${path}  ${io.style.dim(size(sizeBytes))}`);
    return 0;
  },
});
