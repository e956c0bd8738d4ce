import { join } from 'node:path';
import { listSysfs, readSysfs } from './sysfs.ts';

/** Where Linux shows `hwmon` and `thermal`. */
export const sysClassRootDefault = '/sys/class';

/** One temperature of the machine itself. */
export interface TemperatureInput {
  readonly kind: 'thermal' | 'hwmon';
  /** The type of the thermal zone (`cpu-thermal`), or the name of the chip (`coretemp`). */
  readonly name: string;
  /** Of a chip: what it calls the input (`Package id 0`), else `temp1`; of a zone: `temp`. */
  readonly label: string;
  /** Of a chip: `temp1`; of a zone: `temp`. */
  readonly input: string;
  /** The file that holds millidegrees Celsius. */
  readonly path: string;
}

/** Every temperature that the kernel shows: thermal zones first, then chips. Unreadable ones are left out. */
export async function listTemperatureInputs(root: string): Promise<TemperatureInput[]> {
  const zones = await listSysfs(join(root, 'thermal'));
  const chips = await listSysfs(join(root, 'hwmon'));
  const found = await Promise.all([
    ...zones
      .filter((name) => name.startsWith('thermal_zone'))
      .map((name) => zoneInputs(join(root, 'thermal', name))),
    ...chips.map((name) => chipInputs(join(root, 'hwmon', name))),
  ]);
  return found.flat();
}

async function zoneInputs(directory: string): Promise<TemperatureInput[]> {
  const name = await textOf(join(directory, 'type'));
  if (name === undefined) return [];
  return [{ kind: 'thermal', name, label: 'temp', input: 'temp', path: join(directory, 'temp') }];
}

async function chipInputs(directory: string): Promise<TemperatureInput[]> {
  const name = await textOf(join(directory, 'name'));
  if (name === undefined) return [];
  const files = (await listSysfs(directory)).filter((file) => /^temp\d+_input$/.test(file));
  return Promise.all(
    files.map(async (file): Promise<TemperatureInput> => {
      const input = file.replace('_input', '');
      const label = (await textOf(join(directory, `${input}_label`))) ?? input;
      return { kind: 'hwmon', name, label, input, path: join(directory, file) };
    }),
  );
}

function textOf(path: string): Promise<string | undefined> {
  return readSysfs(path).catch(() => undefined);
}
