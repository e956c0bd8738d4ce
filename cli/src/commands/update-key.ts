import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { ensureSigningKey, publicHalf, signingKeyPath } from '../update/signing-key.ts';

export const updateKey = defineCommand({
  brief: 'Makes the key that signs updates, once, and prints the half that devices are told',
  description: [
    'Makes a key (Ed25519) in ~/.config/fieldline/update-key.pem, unless there is one, and prints its public half. Devices',
    'take updates with its signature alone, once it stands in their configuration (updates.keys); devices that are flashed from',
    'here get it by themselves. The gateway never sees the key: keep a copy in a safe place.',
  ].join('\n'),
  examples: ['update key', 'update key --key /media/stick/update-key.pem --json'],
  options: {
    key: text({ brief: 'The file of the key', placeholder: 'FILE', isSetting: true }),
    json: toggle({ brief: 'Print {path, publicKey, isNew}' }),
  },
  run: ({ options, io }) => {
    const path = options.key ?? signingKeyPath();
    const { key, isNew } = ensureSigningKey(path);
    const publicKey = publicHalf(key);
    if (options.json) io.printJson({ path, publicKey, isNew });
    else {
      io.print(publicKey);
      io.remark(
        `${isNew ? 'Made' : 'Kept'} in ${path}. Put the line above into updates.keys of each device.`,
      );
    }
    return Promise.resolve(0);
  },
});
