import { setTimeout as wait } from 'node:timers/promises';
import { DeviceSummary } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { GatewayClient } from '../gateway/gateway-client.ts';

/** How often the gateway is asked. */
const pollMs = 1000;
/** A first boot resizes the card and reboots: minutes on a small device. */
const waitMsDefault = 15 * 60_000;

/** Whether the device came: when, counted from the beginning of the wait, or why it may not have. */
export type Arrival =
  { readonly arrived: true; readonly seconds: number } | { readonly arrived: false; readonly hint: string };

/** Waits until the device is connected to the gateway at `api`. */
export async function awaitDevice(
  name: string,
  at: { api: string; token: string | undefined; home: string | undefined; waitUs: number | undefined },
  io: CommandIo,
): Promise<Arrival> {
  const client = new GatewayClient({ gateway: at.api, token: at.token, home: at.home });
  const startedMs = performance.now();
  const deadlineMs = startedMs + (at.waitUs === undefined ? waitMsDefault : at.waitUs / 1000);
  while (performance.now() < deadlineMs && !io.interrupted.aborted) {
    const device = await client.get(`/api/v1/devices/${name}`, DeviceSummary);
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    if (device.online) return { arrived: true, seconds };
    io.progress(`Waiting for ${name}: put the card in and switch the device on  ${seconds} s`);
    await wait(pollMs, undefined, { signal: io.interrupted }).catch(() => undefined);
  }
  return { arrived: false, hint };
}

const hint = [
  'The device has not reported. Check, in this order:',
  '  power: does its light blink while it reads the card?',
  '  network: cable, or name and password of the Wi-Fi; does the router know it?',
  '  gateway: can it be reached from there, at the address given with --gateway?',
  '  installation: fieldline/install.log on the boot partition of the card says what happened.',
].join('\n');
