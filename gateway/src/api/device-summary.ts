import type { DeviceSummary } from '@fieldline/protocol';
import type { DeviceRecord } from '../devices/device-record.ts';
import type { DeadLetters } from '../parts.ts';
import type { StreamIndex } from '../query/stream-index.ts';

/** Reasons that mean that the clock of a device is wrong. */
const clockCodes = ['CLOCK_IMPLAUSIBLE', 'CLOCK_ANCHOR_MISSING', 'CLOCK_WAIT_FULL'];

/** One device as the fleet list shows it, from the registry, its streams and its dead letters. */
export function deviceSummary(
  record: DeviceRecord,
  streams: StreamIndex,
  deadLetters: Pick<DeadLetters, 'ofDevice'>,
): DeviceSummary {
  const letters = deadLetters.ofDevice(record.id);
  const ofDevice = streams.ofDevice(record.id);
  const sensors = new Map(ofDevice.map(({ sensor, type }) => [sensor, type]));
  const { id, online, lastSeenUs, createdAtUs, revoked, status } = record;
  return {
    id,
    online,
    lastSeenUs,
    createdAtUs,
    revoked,
    tags: { ...record.tags },
    agentVersion: status?.agentVersion ?? null,
    bootId: status?.bootId ?? null,
    clock: status?.clock ?? null,
    configVersion: status?.configVersion ?? null,
    alarms: status?.alarms ?? [],
    sensors: Array.from(sensors, ([sensor, type]) => ({ id: sensor, type })),
    streamCount: ofDevice.length,
    deadLetters: [...letters.values()].reduce((sum, count) => sum + count, 0),
    quarantined: clockCodes.reduce((sum, code) => sum + (letters.get(code) ?? 0), 0),
  };
}
