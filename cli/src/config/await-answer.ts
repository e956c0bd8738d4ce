import { DeviceConfigAnswer } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import type { GatewayClient } from '../gateway/gateway-client.ts';

/** How often the gateway is asked whether the device has answered. */
const askEveryMs = 250;

/** Address of a device's configuration. */
export function configPath(device: string): string {
  return `/api/v1/devices/${encodeURIComponent(device)}/config`;
}

/** Waits until the device has answered its newest configuration, at most `waitUs`; the state as it then is. */
export async function awaitAnswer(
  client: GatewayClient,
  device: string,
  about: { readonly waitUs: number; readonly io: CommandIo },
): Promise<DeviceConfigAnswer> {
  const { io, waitUs } = about;
  const deadlineMs = performance.now() + waitUs / 1000;
  for (;;) {
    const answer = await client.get(configPath(device), DeviceConfigAnswer);
    const isOpen = answer.state === 'waiting' || answer.state === 'delivered';
    if (!isOpen || performance.now() >= deadlineMs || io.interrupted.aborted) return answer;
    io.progress(`version ${answer.desired?.version ?? 0}: ${answer.state} …`);
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}

/** Prints what a device found wrong, one line each. */
export function printErrors(
  errors: readonly { readonly path: string; readonly reason: string }[],
  io: CommandIo,
): void {
  for (const { path, reason } of errors) io.print(`${io.style.bad(path || 'configuration')}: ${reason}`);
}
