import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { defaultHome } from '../gateway/default-home.ts';

export const restore = defineCommand({
  brief: 'Makes the home of a gateway from a backup',
  description:
    'Copies a backup into a home that is empty or missing, and checks every byte and every database of it. Start the gateway on it afterwards: it goes on as after a power cut at the moment of the backup.',
  examples: ['restore /mnt/backup/2026-11-23 --home /var/lib/fieldline', 'restore gateway.backup --json'],
  options: {
    home: text({ brief: 'Home to make', placeholder: 'DIR', isSetting: true }),
    json: toggle({ brief: 'Print {home, files, sizeBytes}' }),
  },
  argument: { placeholder: 'DIR', brief: 'Folder that `backup` made', optional: false },
  run: async ({ options, argument = '', io }) => {
    const home = options.home ?? defaultHome(process.env);
    // Loaded here: no other command needs SQLite.
    const { restoreHome } = await import('@fieldline/gateway');
    const summary = await restoreHome(argument, home);
    if (options.json) io.printJson({ home, ...summary });
    else io.print(`${home}: ${summary.files} files, ${summary.sizeBytes} bytes`);
    return 0;
  },
});
