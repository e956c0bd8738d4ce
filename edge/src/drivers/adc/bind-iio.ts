import { accepted, parseDuration, refused, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { iioRootDefault } from '../../bindings/iio-device.ts';
import type { BoundDriver, SensorPlan } from '../driver.ts';
import type { Channel } from './channels.ts';
import { IioBufferedReader } from './iio-buffered-reader.ts';
import { startIioReader } from './iio-reader.ts';

/** The keys of `source: iio`, with what holds where the file says nothing. */
export const iioKeys = {
  device: Type.Optional(Type.String({ pattern: '^[^/]+$', description: 'IIO device: iio:device0' })),
  root: Type.Optional(
    Type.String({ default: iioRootDefault, description: 'Folder of the IIO devices in sysfs' }),
  ),
  mode: Type.Optional(
    Type.Union([Type.Literal('polled'), Type.Literal('buffered')], {
      default: 'polled',
      description: '`polled`: one value at a time; `buffered`: captured by the kernel, with its times',
    }),
  ),
  interval: Type.Optional(
    Type.String({ default: '100ms', description: 'How often channels are read, or the buffer is emptied' }),
  ),
  trigger: Type.Optional(
    Type.String({ minLength: 1, description: 'Buffered: name of the trigger; default: the one that is set' }),
  ),
  bufferLength: Type.Optional(
    Type.Integer({
      minimum: 2,
      maximum: 1_048_576,
      default: 4096,
      description: 'Buffered: scans that the kernel keeps',
    }),
  ),
  deviceRoot: Type.Optional(
    Type.String({ default: '/dev', description: 'Buffered: folder of the character devices' }),
  ),
};

/** The shape of the keys above. */
export interface IioSettings {
  readonly device?: string;
  readonly root?: string;
  readonly mode?: 'polled' | 'buffered';
  readonly interval?: string;
  readonly trigger?: string;
  readonly bufferLength?: number;
  readonly deviceRoot?: string;
}

/** IIO one-shot reads take some 100 µs each; more often than this the buffered device is the way. */
const intervalMinUs = 1000;

/** Checks the settings of a device, and binds the reader of its mode. */
export function bindIio(
  settings: IioSettings,
  plan: SensorPlan,
  channels: readonly Channel[],
): Result<BoundDriver> {
  const { device, root = iioRootDefault, mode = 'polled', interval = '100ms' } = settings;
  if (device === undefined)
    return refused('CONFIG_INVALID_VALUE', 'device: source iio needs one, such as iio:device0');
  const intervalUs = parseDuration(interval);
  if (!intervalUs.ok) return intervalUs;
  if (intervalUs.value < intervalMinUs)
    return refused('CONFIG_INVALID_VALUE', `interval: ${interval} is below 1ms`);
  const intervalMs = intervalUs.value / 1000;
  if (mode === 'buffered') {
    const { trigger, bufferLength: lengthScans = 4096, deviceRoot = '/dev' } = settings;
    const buffered = { root, deviceRoot, device, trigger, lengthScans, intervalMs, channels };
    return accepted({ plan, start: (host) => new IioBufferedReader(host, buffered) });
  }
  if (settings.trigger !== undefined)
    return refused('CONFIG_INVALID_VALUE', 'trigger: goes with mode buffered only');
  return accepted({ plan, start: (host) => startIioReader(host, { root, device, intervalMs, channels }) });
}
