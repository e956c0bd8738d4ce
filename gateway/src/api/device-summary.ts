import type { DeviceSummary } from '@fieldline/protocol';
import type { DeviceRecord } from '../devices/device-record.ts';
import type { StreamIndex } from '../query/stream-index.ts';

/** One device as the fleet list shows it, from the registry and its streams. */
export function deviceSummary(record: DeviceRecord, streams: StreamIndex): DeviceSummary {
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
    clock: status?.clock ?? null,
    configVersion: status?.configVersion ?? null,
    sensors: Array.from(sensors, ([sensor, type]) => ({ id: sensor, type })),
    streamCount: ofDevice.length,
  };
}
