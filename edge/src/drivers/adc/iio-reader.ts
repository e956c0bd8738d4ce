import { IioDevice } from '../../bindings/iio-device.ts';
import { railsOf } from '../../bindings/iio-scan-type.ts';
import type { DriverHost, RunningDriver } from '../driver.ts';
import type { Channel } from './channels.ts';
import { SamplingGauge } from './sampling-gauge.ts';

/** A one-shot read that takes longer is hanging, in milliseconds. */
const deadlineMs = 5000;

/** Reads the channels of a Linux IIO device in turn, one row an interval. */
export function startIioReader(
  host: DriverHost,
  about: { root: string; device: string; intervalMs: number; channels: readonly Channel[] },
): RunningDriver {
  const device = new IioDevice(about.root, about.device);
  const gauge = new SamplingGauge(about.channels.length);
  gauge.expect(about.intervalMs * 1000);
  const t = new Float64Array(1);
  const columns = about.channels.map(() => new Float64Array(1));
  let rails: readonly Rails[] = [];
  host.poll({ intervalMs: about.intervalMs, aligned: false, deadlineMs }, async () => {
    const atUs = host.clock.nowUs();
    const volts = await Promise.all(about.channels.map(({ index }) => device.readVolts(index)));
    if (rails.length === 0)
      rails = await Promise.all(about.channels.map((channel) => readRails(device, channel)));
    t[0] = atUs;
    gauge.times(t);
    about.channels.forEach(({ scale }, at) => {
      const column = columns[at]!;
      column[0] = volts[at] ?? Number.NaN;
      gauge.values(at, t, column, rails[at]!.low, rails[at]!.high);
      column[0] *= scale;
    });
    host.emit(t, columns);
  });
  return { stop: () => undefined, figures: () => gauge.figures() };
}

interface Rails {
  readonly low: number;
  readonly high: number;
}

/** The rails of a channel in volts; infinite where nothing tells them. */
async function readRails(device: IioDevice, channel: Channel): Promise<Rails> {
  const { offset, voltsPerCount } = await device.readScale(channel.index);
  const type = await device.readScanType(channel.index);
  const counts = channel.rails ?? (type && railsOf(type));
  if (counts === undefined) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { low: (counts.low + offset) * voltsPerCount, high: (counts.high + offset) * voltsPerCount };
}
