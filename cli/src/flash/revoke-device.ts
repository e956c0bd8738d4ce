import { DeviceSummary } from '@fieldline/protocol';
import { GatewayClient } from '../gateway/gateway-client.ts';
import type { DeviceOptions } from './device-options.ts';

/** A device that was registered for what has failed must not stand in the way of the next try. */
export async function revokeDevice(
  name: string,
  { api, token, home }: Pick<DeviceOptions, 'api' | 'token' | 'home'>,
): Promise<void> {
  const client = new GatewayClient({ gateway: api, token, home });
  await client.post(`/api/v1/devices/${name}/revoke`, DeviceSummary);
}
