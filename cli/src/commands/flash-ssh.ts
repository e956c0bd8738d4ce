import { defineCommand } from '../command/define-command.ts';
import { figure, text } from '../command/option.ts';
import { terminalAsker } from '../flash/ask.ts';
import { deviceOptions } from '../flash/device-options.ts';
import { flashOverSsh } from '../flash/flash-over-ssh.ts';

const { gateway, passwordFile, api, token, home, noWait, wait, yes, json } = deviceOptions;

export const flashSsh = defineCommand({
  brief: 'Installs the agent on a running device over SSH, or brings it up to date there',
  description: [
    'Looks whether the device can run the agent (processor, C library, room, serial group, ports), uploads and compares the packages,',
    'installs and starts them, and waits for the first batch. Where that fails, what was there before is there again. Running it again',
    'changes only what differs. The user is root, or may become root by sudo without a password. The machine must be known',
    '(~/.ssh/known_hosts), or shown to be the right one by --accept-host-key.',
  ].join(' '),
  examples: [
    'flash ssh pi@greenhouse-1.local --name greenhouse-1 --gateway mqtts://gateway.example:8883',
    'flash ssh pi@10.0.0.7 --name greenhouse-1 --gateway mqtts://gateway.example:8883 --config agent.yaml --accept-host-key SHA256:uNiVztksCsDhcc0u9e8BrrJTWNpoxSVxRNxxO5HLgyo --json',
  ],
  options: {
    name: text({ brief: 'Name of the device; else the one that it has', placeholder: 'NAME' }),
    gateway,
    config: text({
      brief:
        'The agent’s configuration (YAML); device and gateway are put into it. Else the one that is there',
      placeholder: 'FILE',
    }),
    packages: text({
      brief: 'Folder with packages of `flash bundle`; else they are made for the processor of the device',
      placeholder: 'DIR',
      isSetting: true,
    }),
    passwordFile,
    api,
    token,
    home,
    port: figure({ brief: 'Port of SSH', least: 1, most: 65_535, whole: true, fallback: 22 }),
    sshKey: text({
      brief: 'Your private key; else the ssh-agent, then ~/.ssh/id_ed25519',
      placeholder: 'FILE',
      isSetting: true,
    }),
    sshPassword: text({
      brief: 'Your password there; better in FIELDLINE_SSH_PASSWORD, which other users cannot see',
      placeholder: 'TEXT',
      isSetting: true,
    }),
    knownHosts: text({
      brief: 'File of known hosts; else ~/.ssh/known_hosts',
      placeholder: 'FILE',
      isSetting: true,
    }),
    acceptHostKey: text({
      brief: 'Take a machine that is not known, if it shows this key, and remember it',
      placeholder: 'SHA256:…',
    }),
    noWait,
    wait,
    yes,
    json,
  },
  argument: { placeholder: 'USER@HOST', brief: 'Where the device is', optional: false },
  run: async ({ options, argument = '', io }) => {
    const asker = terminalAsker(!options.yes && !options.json, io.interrupted);
    try {
      return await flashOverSsh({ destination: argument, options, asker, io });
    } finally {
      asker.close();
    }
  },
});
