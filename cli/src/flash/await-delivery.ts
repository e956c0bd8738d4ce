import { setTimeout as wait } from 'node:timers/promises';
import { DevicesAnswer, LedgerAnswer } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import type { GatewayClient } from '../gateway/gateway-client.ts';

/** How often the gateway is asked, in ms. */
const pollMs = 1000;
/** A device that runs is there within seconds; under a bad network and on a slow board it takes minutes. */
const waitMsDefault = 3 * 60_000;

/** What the gateway knew of a device at some moment, by its own clock. */
export interface DeliveryMark {
  readonly atUs: number;
  /** Readings that the device had taken, by its own account. */
  readonly taken: number;
}

/** What the gateway knows of a device now; of one that never came: nothing taken. */
export async function deliveryMark(client: GatewayClient, device: string): Promise<DeliveryMark> {
  const { atUs, devices } = await client.get('/api/v1/ledger', LedgerAnswer);
  return { atUs, taken: devices.find((each) => each.device === device)?.taken ?? 0 };
}

/**
 * Waits until the device has reported since `mark`, and where it has sensors has brought readings. Answers the seconds,
 * or undefined where it did not within `waitUs` or was interrupted.
 */
export async function awaitDelivery(
  client: GatewayClient,
  about: { readonly device: string; readonly mark: DeliveryMark; readonly waitUs: number | undefined },
  io: CommandIo,
): Promise<number | undefined> {
  const { device, mark, waitUs } = about;
  const startedMs = performance.now();
  const waitMs = waitUs === undefined ? waitMsDefault : waitUs / 1000;
  for (;;) {
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    if (await hasDelivered(client, device, mark)) return seconds;
    if (seconds * 1000 >= waitMs || io.interrupted.aborted) return undefined;
    io.progress(`Waiting for the first batch of ${device}  ${Math.round(seconds)} s`);
    await wait(pollMs, undefined, { signal: io.interrupted }).catch(() => undefined);
  }
}

async function hasDelivered(client: GatewayClient, device: string, mark: DeliveryMark): Promise<boolean> {
  const { devices } = await client.get('/api/v1/devices', DevicesAnswer);
  const found = devices.find(({ id }) => id === device);
  if (!found?.online || (found.lastSeenUs ?? 0) < mark.atUs) return false;
  return found.sensors.length === 0 || (await deliveryMark(client, device)).taken > mark.taken;
}
