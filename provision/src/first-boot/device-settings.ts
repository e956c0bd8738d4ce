import { accepted, DeviceId, refused, type Result } from '@fieldline/protocol';
import { Value } from 'typebox/value';

/** What a device is told before its first boot. */
export interface DeviceSettings {
  /** Host name, and the device's id: one name, one meaning. */
  readonly name: string;
  readonly user?: LoginUser;
  readonly wifi?: Wifi;
  /** Such as `Europe/Zurich`. */
  readonly timezone?: string;
  /** Keyboard layout by its XKB code, such as `de`. */
  readonly keyboard?: string;
  /** Such as `de_CH.UTF-8`. */
  readonly locale?: string;
}

/** Who may sign in at the device. Without a hash: by key alone. */
export interface LoginUser {
  readonly name: string;
  /** In the form of crypt(5), as `openssl passwd -6` or `mkpasswd` print it: the password itself is not wanted. */
  readonly passwordHash?: string;
  /** Lines of an `authorized_keys` file. */
  readonly sshKeys: readonly string[];
}

/** A wireless network. */
export interface Wifi {
  /** 1 to 32 bytes. */
  readonly ssid: string;
  /** 8 to 63 printable ASCII characters (IEEE 802.11i, annex H.4); absent: an open network. */
  readonly password?: string;
  /** ISO 3166-1 alpha-2: without it the radio stays off. */
  readonly country: string;
}

interface Rule {
  readonly path: string;
  readonly value: string | undefined;
  readonly allowed: (value: string) => boolean;
  readonly wanted: string;
}

const oneLine = /^[^\p{Cc}]*$/u;

/** Checks what no image may be given: answers the settings, or PROVISION_SETTINGS_INVALID with the setting named. */
export function checkSettings(settings: DeviceSettings): Result<DeviceSettings> {
  const broken = rulesOf(settings).find(({ value, allowed }) => value !== undefined && !allowed(value));
  return broken
    ? refused('PROVISION_SETTINGS_INVALID', `${broken.path} is to be ${broken.wanted}.`)
    : accepted(settings);
}

function rulesOf({ name, user, wifi, timezone, keyboard, locale }: DeviceSettings): Rule[] {
  return [
    {
      path: 'name',
      value: name,
      allowed: (value) => Value.Check(DeviceId, value),
      wanted: '1 to 63 small letters, digits and hyphens',
    },
    {
      path: 'user',
      value: user?.name,
      allowed: (value) => /^[a-z_][a-z0-9_-]{0,31}$/.test(value) && value !== 'root',
      wanted: 'a user name of small letters and digits, not root',
    },
    {
      path: 'password-hash',
      value: user?.passwordHash,
      allowed: (value) => /^\$[0-9a-z]+\$[./0-9A-Za-z=,$]+$/.test(value),
      wanted: 'a hash as "openssl passwd -6" prints it',
    },
    ...(user?.sshKeys ?? []).map((value) => ({
      path: 'ssh-key',
      value,
      allowed: (key: string) =>
        /^(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$/.test(key) && oneLine.test(key),
      wanted: 'a public key, such as the line in ~/.ssh/id_ed25519.pub',
    })),
    {
      path: 'wifi',
      value: wifi?.ssid,
      allowed: (value) => oneLine.test(value) && value !== '' && Buffer.byteLength(value) <= 32,
      wanted: 'a name of 1 to 32 bytes',
    },
    {
      path: 'wifi-password',
      value: wifi?.password,
      allowed: (value) => /^[ -~]{8,63}$/.test(value),
      wanted: '8 to 63 printable characters',
    },
    {
      path: 'wifi-country',
      value: wifi?.country,
      allowed: (value) => /^[A-Z]{2}$/.test(value),
      wanted: 'a country code of two capital letters',
    },
    { path: 'timezone', value: timezone, allowed: isTimezone, wanted: 'a time zone such as Europe/Zurich' },
    {
      path: 'keyboard',
      value: keyboard,
      allowed: (value) => /^[a-z]{2,10}$/.test(value),
      wanted: 'a layout such as de',
    },
    {
      path: 'locale',
      value: locale,
      allowed: (value) => /^[a-zA-Z]{1,8}(_[A-Z]{2})?(\.[A-Za-z0-9-]{1,16})?$/.test(value),
      wanted: 'a locale such as de_CH.UTF-8',
    },
  ];
}

function isTimezone(value: string): boolean {
  if (!/^[A-Za-z0-9_+/-]{1,64}$/.test(value)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}
