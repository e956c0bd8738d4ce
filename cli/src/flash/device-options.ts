import type { DebianArch } from '@fieldline/provision';
import { choice, duration, text, toggle } from '../command/option.ts';
import { archs } from './build-packages.ts';

/** What `flash image` and `flash disk` want to know of the device. */
export const deviceOptions = {
  name: text({ brief: 'Name of the device: its id and host name', placeholder: 'NAME' }),
  gateway: text({
    brief: 'Where the device delivers: mqtt(s)://HOST:PORT as seen from the device',
    placeholder: 'URL',
  }),
  config: text({
    brief: 'The agent’s configuration (YAML); device and gateway are put into it',
    placeholder: 'FILE',
  }),
  packages: text({
    brief: 'Folder with packages of `flash bundle`; else they are made for --arch',
    placeholder: 'DIR',
    isSetting: true,
  }),
  arch: choice({ brief: 'Raspberry Pi OS 64 bit, 32 bit, or a PC', words: archs, fallback: 'arm64' }),
  passwordFile: text({
    brief: 'File with the device’s password; else the device is registered at --api',
    placeholder: 'FILE',
  }),
  api: text({
    brief: 'Address of the gateway’s HTTP API, where the device is registered and awaited',
    placeholder: 'URL',
    fallback: 'http://127.0.0.1:8080',
    isSetting: true,
  }),
  token: text({
    brief: 'Token for --api; else $FIELDLINE_HOME/admin.token',
    placeholder: 'TOKEN',
    isSetting: true,
  }),
  home: text({ brief: 'Home of the gateway, for its token', placeholder: 'DIR', isSetting: true }),
  user: text({ brief: 'A person who may sign in at the device', placeholder: 'NAME' }),
  passwordHash: text({
    brief: 'Their password as `openssl passwd -6` prints it; without it: by key alone',
    placeholder: 'HASH',
    isSetting: true,
  }),
  sshKey: text({ brief: 'File with their public keys', placeholder: 'FILE' }),
  wifi: text({ brief: 'Name of the wireless network', placeholder: 'SSID' }),
  wifiPassword: text({
    brief: 'Its password; better in FIELDLINE_WIFI_PASSWORD, which other users cannot see',
    placeholder: 'TEXT',
    isSetting: true,
  }),
  wifiCountry: text({ brief: 'Country whose radio rules hold', placeholder: 'CH', isSetting: true }),
  timezone: text({ brief: 'Such as Europe/Zurich', placeholder: 'ZONE', isSetting: true }),
  keyboard: text({ brief: 'Keyboard layout, such as de', placeholder: 'LAYOUT', isSetting: true }),
  locale: text({ brief: 'Such as de_CH.UTF-8', placeholder: 'LOCALE', isSetting: true }),
  noWait: toggle({ brief: 'Do not wait until the device has reported to the gateway' }),
  wait: duration({ brief: 'How long to wait for its first reading' }),
  yes: toggle({ brief: 'Ask nothing' }),
  json: toggle({ brief: 'Print the report as one JSON document; ask nothing' }),
};

/** The values of `deviceOptions`. */
export interface DeviceOptions {
  readonly name: string | undefined;
  readonly gateway: string | undefined;
  readonly config: string | undefined;
  readonly packages: string | undefined;
  readonly arch: DebianArch;
  readonly passwordFile: string | undefined;
  readonly api: string;
  readonly token: string | undefined;
  readonly home: string | undefined;
  readonly user: string | undefined;
  readonly passwordHash: string | undefined;
  readonly sshKey: string | undefined;
  readonly wifi: string | undefined;
  readonly wifiPassword: string | undefined;
  readonly wifiCountry: string | undefined;
  readonly timezone: string | undefined;
  readonly keyboard: string | undefined;
  readonly locale: string | undefined;
  readonly noWait: boolean;
  readonly wait: number | undefined;
  readonly yes: boolean;
  readonly json: boolean;
}
