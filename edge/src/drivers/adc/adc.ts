import { accepted, parseDuration, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { iioRootDefault } from '../../bindings/iio-device.ts';
import { serialSettings, toSerialSettings } from '../../bindings/serial-settings.ts';
import { defineDriver, type BoundDriver, type SensorPlan } from '../driver.ts';
import { ChannelKeys, toChannels, type Channel } from './channels.ts';
import { startIioReader } from './iio-reader.ts';
import { McuReader } from './mcu-reader.ts';

const settingsSchema = Type.Object(
  {
    ...serialSettings,
    source: Type.Union([Type.Literal('mcu'), Type.Literal('iio')], {
      description: '`mcu`: framed serial stream; `iio`: Linux IIO through sysfs',
    }),
    channels: Type.Optional(Type.Array(ChannelKeys, { minItems: 1, maxItems: 16 })),
    device: Type.Optional(Type.String({ pattern: '^[^/]+$', description: 'IIO device: iio:device0' })),
    root: Type.Optional(Type.String({ description: `Folder of the IIO devices; default ${iioRootDefault}` })),
    interval: Type.Optional(Type.String({ description: 'How often IIO channels are read; default 100ms' })),
  },
  { additionalProperties: false },
);
type Settings = Static<typeof settingsSchema>;

/** IIO one-shot reads take some 100 µs each; more often than this the buffered device is the way. */
const intervalMinUs = 1000;

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
      : bindIio(settings, plan, channels.value);
  },
});

function bindMcu(settings: Settings, plan: SensorPlan, channels: readonly Channel[]): Result<BoundDriver> {
  const foreign = (['device', 'root', 'interval'] as const).find((key) => settings[key] !== undefined);
  if (foreign) return refused('CONFIG_INVALID_VALUE', `${foreign}: goes with source iio only`);
  const serial = toSerialSettings(settings, { baudRate: 115_200 });
  if (!serial.ok) return serial;
  return accepted({ plan, start: (host) => new McuReader(host, serial.value, channels) });
}

function bindIio(settings: Settings, plan: SensorPlan, channels: readonly Channel[]): Result<BoundDriver> {
  const foreign = (['port', 'usb', 'baudRate', 'silence'] as const).find(
    (key) => settings[key] !== undefined,
  );
  if (foreign) return refused('CONFIG_INVALID_VALUE', `${foreign}: goes with source mcu only`);
  const { device, root = iioRootDefault, interval = '100ms' } = settings;
  if (device === undefined)
    return refused('CONFIG_INVALID_VALUE', 'device: source iio needs one, such as iio:device0');
  if (settings.channels === undefined)
    return refused('CONFIG_INVALID_VALUE', 'channels: source iio needs them');
  const intervalUs = parseDuration(interval);
  if (!intervalUs.ok) return intervalUs;
  if (intervalUs.value < intervalMinUs)
    return refused('CONFIG_INVALID_VALUE', `interval: ${interval} is below 1ms`);
  const intervalMs = intervalUs.value / 1000;
  return accepted({ plan, start: (host) => startIioReader(host, { root, device, intervalMs, channels }) });
}
