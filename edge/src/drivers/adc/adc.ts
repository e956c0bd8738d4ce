import { accepted, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { serialSettings, toSerialSettings } from '../../bindings/serial-settings.ts';
import { defineDriver, type BoundDriver, type SensorPlan } from '../driver.ts';
import { bindIio, iioKeys } from './bind-iio.ts';
import { ChannelKeys, toChannels, type Channel } from './channels.ts';
import { McuReader } from './mcu-reader.ts';

const settingsSchema = Type.Object(
  {
    ...serialSettings,
    source: Type.Union([Type.Literal('mcu'), Type.Literal('iio')], {
      description: '`mcu`: framed serial stream; `iio`: Linux IIO',
    }),
    channels: Type.Optional(Type.Array(ChannelKeys, { minItems: 1, maxItems: 16 })),
    ...iioKeys,
  },
  { additionalProperties: false },
);
type Settings = Static<typeof settingsSchema>;

const iioKeyNames = ['device', 'root', 'mode', 'interval', 'trigger', 'bufferLength', 'deviceRoot'] as const;

/** Analogue-digital converters: windows of 1 s with a sketch, one quantity a channel, in volts. */
export const adc = defineDriver({
  name: 'adc',
  settings: settingsSchema,
  bind(settings): Result<BoundDriver> {
    const channels = toChannels(settings.channels);
    if (!channels.ok) return channels;
    const quantities = channels.value.map(({ quantity, unit }) => ({ quantity, unit }));
    // A block arrives after its first sample by the whole of its length.
    const plan: SensorPlan = { quantities, window: '1s', sketch: true, lateness: '1s' };
    return settings.source === 'mcu'
      ? bindMcu(settings, plan, channels.value)
      : bindDevice(settings, plan, channels.value);
  },
});

/** A key of the other source, unless it says no more than its default. */
function foreignKey(settings: Settings, keys: readonly (keyof Settings)[]): string | undefined {
  return keys.find((key) => {
    const fallback: unknown = Reflect.get(settingsSchema.properties[key], 'default');
    return settings[key] !== undefined && settings[key] !== fallback;
  });
}

function bindMcu(settings: Settings, plan: SensorPlan, channels: readonly Channel[]): Result<BoundDriver> {
  const foreign = foreignKey(settings, iioKeyNames);
  if (foreign) return refused('CONFIG_INVALID_VALUE', `${foreign}: goes with source iio only`);
  const serial = toSerialSettings(settings, { baudRate: 115_200 });
  if (!serial.ok) return serial;
  return accepted({ plan, start: (host) => new McuReader(host, serial.value, channels) });
}

function bindDevice(settings: Settings, plan: SensorPlan, channels: readonly Channel[]): Result<BoundDriver> {
  const foreign = foreignKey(settings, ['port', 'usb', 'baudRate', 'silence']);
  if (foreign) return refused('CONFIG_INVALID_VALUE', `${foreign}: goes with source mcu only`);
  if (settings.channels === undefined)
    return refused('CONFIG_INVALID_VALUE', 'channels: source iio needs them');
  return bindIio(settings, plan, channels);
}
