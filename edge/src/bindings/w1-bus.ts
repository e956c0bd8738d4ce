import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { listSysfs, readSysfs } from './sysfs.ts';

/** Where Linux shows the slaves of its 1-Wire buses. */
export const w1RootDefault = '/sys/bus/w1/devices';
/** Families that the kernel's w1_therm reads: DS18S20, DS1822, DS18B20, DS1825, DS28EA00. */
const thermometerFamilies = /^(?:10|22|28|3b|42)-[0-9a-f]{12}$/;

/** The ids of the thermometers on the buses, such as `28-00000a1b2c3d`. */
export async function listW1Thermometers(root: string): Promise<string[]> {
  return (await listSysfs(root)).filter((name) => thermometerFamilies.test(name));
}

/**
 * Reads a file of a thermometer (`w1_slave` or `temperature`), which makes the kernel start a conversion and wait
 * up to 750 ms for it. Without an id it is that of the only thermometer. Throws FieldlineError
 * `SOURCE_FILE_UNREADABLE`.
 */
export async function readW1(root: string, id: string | undefined, file: string): Promise<string> {
  return readSysfs(join(root, id ?? (await onlyThermometer(root)), file));
}

async function onlyThermometer(root: string): Promise<string> {
  const found = await listW1Thermometers(root);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const detail =
    found.length === 0 ? 'No thermometer is there.' : `Several are there: name one of ${found.join(', ')}.`;
  throw new FieldlineError('SOURCE_FILE_UNREADABLE', { subject: root, detail });
}
