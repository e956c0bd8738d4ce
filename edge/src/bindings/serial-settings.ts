import { accepted, parseDuration, refused, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';

/** The keys by which a serial line is found and opened; every serial driver has them. */
export const serialSettings = {
  port: Type.Optional(
    Type.String({ minLength: 1, description: 'Path of the serial port, such as /dev/serial/by-id/…' }),
  ),
  usb: Type.Optional(
    Type.Object(
      {
        vendorId: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{4}$' })),
        productId: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{4}$' })),
        serialNumber: Type.Optional(Type.String({ minLength: 1 })),
      },
      { additionalProperties: false, minProperties: 1, description: 'USB identity, instead of a path' },
    ),
  ),
  baudRate: Type.Optional(Type.Integer({ minimum: 50, maximum: 4_000_000, description: 'Bits a second' })),
  silence: Type.Optional(
    Type.String({ description: 'Open the port again after so long without a byte; `none` never does' }),
  ),
};

/** How a serial line is found and opened. One of `port` and `usb` is given. */
export interface SerialSettings {
  readonly port?: string | undefined;
  readonly usb?: UsbIdentity | undefined;
  readonly baudRate: number;
  /** Reopen after so long without a byte, in milliseconds; 0 never does. */
  readonly silenceMs: number;
}

/** Every part given must match; hexadecimal, case does not matter. */
export interface UsbIdentity {
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/** The shape of the configured keys above. */
export interface SerialKeys {
  readonly port?: string;
  readonly usb?: { readonly vendorId?: string; readonly productId?: string; readonly serialNumber?: string };
  readonly baudRate?: number;
  readonly silence?: string;
}

/** A sensor that is never silent for so long is taken for gone. */
const silenceDefault = '30s';

/** Checks that the line can be found, and fills in what the configuration leaves out. */
export function toSerialSettings(keys: SerialKeys, defaults: { baudRate: number }): Result<SerialSettings> {
  if ((keys.port === undefined) === (keys.usb === undefined)) {
    return refused('CONFIG_INVALID_VALUE', 'port: give either `port` or `usb`');
  }
  const silence = keys.silence ?? silenceDefault;
  const silenceUs: Result<number> = silence === 'none' ? accepted(0) : parseDuration(silence);
  if (!silenceUs.ok) return refused('CONFIG_INVALID_VALUE', `silence: ${silenceUs.refusal.detail}`);
  return accepted({
    port: keys.port,
    usb: keys.usb,
    baudRate: keys.baudRate ?? defaults.baudRate,
    silenceMs: silenceUs.value / 1000,
  });
}
