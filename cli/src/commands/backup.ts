import { FieldlineError } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { defaultHome } from '../gateway/default-home.ts';

export const backup = defineCommand({
  brief: 'Copies the home of a gateway, which may go on running',
  description:
    'Copies everything durable of a gateway on this machine into a new folder: devices and users, stores, journal, keys. The gateway may run meanwhile. The folder holds secrets: keep it as you keep the home.',
  examples: [
    'backup --to /mnt/backup/2026-11-23',
    'backup --home /var/lib/fieldline --to gateway.backup --json',
  ],
  options: {
    home: text({ brief: 'Home of the gateway', placeholder: 'DIR', isSetting: true }),
    to: text({ brief: 'Folder to make', placeholder: 'DIR' }),
    json: toggle({ brief: 'Print {folder, files, sizeBytes}' }),
  },
  run: async ({ options, io }) => {
    const { to } = options;
    if (to === undefined)
      throw new FieldlineError('CLI_USAGE', { subject: 'backup', detail: 'Give --to DIR.' });
    // Loaded here: no other command needs SQLite.
    const { backupHome } = await import('@fieldline/gateway');
    const summary = await backupHome(options.home ?? defaultHome(process.env), to, Date.now() * 1000);
    if (options.json) io.printJson({ folder: to, ...summary });
    else io.print(`${to}: ${summary.files} files, ${summary.sizeBytes} bytes`);
    return 0;
  },
});
