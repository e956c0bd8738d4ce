import { Type } from 'typebox';

/** A device id: `[a-z0-9][a-z0-9-]{0,62}`; also its MQTT user name and client id. */
export const DeviceId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', description: 'Device id' });

/** A name of a sensor, of its type, or of a quantity: `[a-z0-9][a-z0-9_-]{0,62}`. */
export const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,62}$', description: 'Name' });

/** Microseconds since the Unix epoch, UTC: an integer, exact in a double until the year 2255. */
export const TimeUs = Type.Integer({ description: 'Microseconds since the Unix epoch, UTC' });

/** How far a clock can be trusted: `synced` now, `holdover` since it was synced, `unset` never. */
export const ClockQuality = Type.Union([
  Type.Literal('synced'),
  Type.Literal('holdover'),
  Type.Literal('unset'),
]);
export type ClockQuality = Type.Static<typeof ClockQuality>;

/** `device/sensor/quantity`: the name of one stream. */
export type StreamName = `${string}/${string}/${string}`;

/** Builds the name of a stream. The parts are valid names already. */
export function streamName(device: string, sensor: string, quantity: string): StreamName {
  return `${device}/${sensor}/${quantity}`;
}

/** Splits the name of a stream; undefined where it does not have three parts. */
export function parseStreamName(
  stream: string,
): { device: string; sensor: string; quantity: string } | undefined {
  const [device, sensor, quantity, ...rest] = stream.split('/');
  if (!device || !sensor || !quantity || rest.length > 0) return undefined;
  return { device, sensor, quantity };
}
