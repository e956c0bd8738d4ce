import { isDeepStrictEqual } from 'node:util';
import type { SensorConfig } from './agent-config.ts';
import { SensorKeys } from './agent-schema.ts';

/**
 * What a new configuration means for one sensor. `streams`: the driver goes on, its readings are carried
 * differently. `driver`: another driver takes over at an open line. `input`: the line itself is another one.
 */
export type SensorChange =
  | { readonly kind: 'kept'; readonly next: SensorConfig }
  | {
      readonly kind: 'streams' | 'driver' | 'input';
      readonly next: SensorConfig;
      readonly last: SensorConfig;
    }
  | { readonly kind: 'added'; readonly next: SensorConfig }
  | { readonly kind: 'removed'; readonly last: SensorConfig };

const lineKeys = ['port', 'usb', 'baudRate', 'silence'];
const commonKeys = new Set(Object.keys(SensorKeys.properties).filter((key) => key !== 'driver'));

/** Compares two lists of sensors, by id. */
export function sensorChanges(
  last: readonly SensorConfig[],
  next: readonly SensorConfig[],
): readonly SensorChange[] {
  const removed = last
    .filter(({ id }) => !next.some((each) => each.id === id))
    .map((sensor): SensorChange => ({ kind: 'removed', last: sensor }));
  const others = next.map((sensor) =>
    changeOf(
      last.find(({ id }) => id === sensor.id),
      sensor,
    ),
  );
  return [...removed, ...others];
}

function changeOf(last: SensorConfig | undefined, next: SensorConfig): SensorChange {
  if (last === undefined) return { kind: 'added', next };
  const isSame = isDeepStrictEqual(last.file, next.file) && isDeepStrictEqual(unitsOf(last), unitsOf(next));
  if (isSame) return { kind: 'kept', next };
  if (isDeepStrictEqual(driverPart(last), driverPart(next))) return { kind: 'streams', next, last };
  const line = linePart(last);
  const isSameLine = ('port' in line || 'usb' in line) && isDeepStrictEqual(line, linePart(next));
  return { kind: isSameLine ? 'driver' : 'input', next, last };
}

/** A stream that is joined from another sensor has that one's unit. */
function unitsOf({ streams }: SensorConfig): object {
  return streams.map(({ quantity, unit }) => [quantity, unit]);
}

function driverPart({ file }: SensorConfig): object {
  return Object.fromEntries(Object.entries(file).filter(([key]) => !commonKeys.has(key)));
}

/** What the line is opened with; another driver may open it with another default rate. */
function linePart({ file }: SensorConfig): object {
  const keys = Object.entries(file).filter(([key]) => lineKeys.includes(key));
  return 'baudRate' in file
    ? Object.fromEntries(keys)
    : Object.fromEntries([...keys, ['driver', file.driver]]);
}
