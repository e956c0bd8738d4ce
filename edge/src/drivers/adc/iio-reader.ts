import { IioDevice } from '../../bindings/iio-device.ts';
import type { DriverHost } from '../driver.ts';
import type { Channel } from './channels.ts';

/** A one-shot read that takes longer is hanging, in milliseconds. */
const deadlineMs = 5000;

/** Reads the channels of a Linux IIO device in turn, one row an interval. */
export function startIioReader(
  host: DriverHost,
  about: { root: string; device: string; intervalMs: number; channels: readonly Channel[] },
): { stop(): void } {
  const device = new IioDevice(about.root, about.device);
  const t = new Float64Array(1);
  const columns = about.channels.map(() => new Float64Array(1));
  host.poll({ intervalMs: about.intervalMs, aligned: false, deadlineMs }, async () => {
    const atUs = host.clock.nowUs();
    const volts = await Promise.all(about.channels.map(({ index }) => device.readVolts(index)));
    t[0] = atUs;
    about.channels.forEach(({ scale }, at) => {
      columns[at]![0] = (volts[at] ?? Number.NaN) * scale;
    });
    host.emit(t, columns);
  });
  return { stop: () => undefined };
}
