import { setTimeout as wait } from 'node:timers/promises';
import { DeviceSummary, type ClaimStateAnswer } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { GatewayClient } from '../gateway/gateway-client.ts';
import { claimState, timeOf, type KnownDevice } from './known-device.ts';

/** How often the gateway is asked. */
const pollMs = 1000;
/** A first boot resizes the card and reboots: minutes on a small device. */
const waitMsDefault = 15 * 60_000;

/** Whether the device came: when, counted from the beginning of the wait, or why it may not have. */
export type Arrival =
  | { readonly arrived: true; readonly seconds: number }
  | {
      readonly arrived: false;
      readonly hint: string;
      /** What became of its claim; absent where it has none, or nobody said. */
      readonly claim?: ClaimStateAnswer['state'];
    };

/**
 * Waits until the device is connected to the gateway at `api`, in another boot than the one that was known before its
 * card was made: that of a card which it takes the place of. Ends at once where its claim expires.
 */
export async function awaitDevice(
  name: string,
  at: {
    readonly api: string;
    readonly token: string | undefined;
    readonly home: string | undefined;
    readonly waitUs: number | undefined;
    readonly known: KnownDevice;
  },
  io: CommandIo,
): Promise<Arrival> {
  const client = new GatewayClient({ gateway: at.api, token: at.token, home: at.home });
  const { bootId, claimUntilUs } = at.known;
  const startedMs = performance.now();
  const deadlineMs = startedMs + (at.waitUs === undefined ? waitMsDefault : at.waitUs / 1000);
  let claim: ClaimStateAnswer | undefined;
  while (performance.now() < deadlineMs && !io.interrupted.aborted && claim?.state !== 'expired') {
    const device = await client.get(`/api/v1/devices/${name}`, DeviceSummary);
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    const isSameBoot = bootId !== null && device.bootId === bootId;
    if (device.online && !isSameBoot) return { arrived: true, seconds };
    if (claimUntilUs !== undefined) claim = await claimState(client, name);
    io.progress(`Waiting for ${name}: ${whatNext(claim)}  ${seconds} s`);
    await wait(pollMs, undefined, { signal: io.interrupted }).catch(() => undefined);
  }
  return { arrived: false, hint: hintOf(claim), ...(claim && { claim: claim.state }) };
}

function whatNext(claim: ClaimStateAnswer | undefined): string {
  if (claim?.state === 'used') return 'it has traded its claim and is about to come';
  return 'put the card in and switch the device on';
}

function hintOf(claim: ClaimStateAnswer | undefined): string {
  if (claim?.state === 'expired') return expired(claim);
  return [
    'The device has not reported. Check, in this order:',
    '  power: does its light blink while it reads the card?',
    '  network: cable, or name and password of the Wi-Fi; does the router know it?',
    ...claimLines(claim),
    '  gateway: can it be reached from there, at the address given with --gateway?',
    '  installation: fieldline/install.log on the boot partition of the card says what happened.',
  ].join('\n');
}

/** How far the device came with its claim tells where to look. */
function claimLines(claim: ClaimStateAnswer | undefined): string[] {
  if (claim?.state === 'used')
    return [
      '  claim: it was traded, so that power and network are right. If not by this device, flash the card again.',
    ];
  if (claim?.state !== 'open') return [];
  const until = timeOf(claim.expiresAtUs);
  return [
    `  claim: it was not traded yet, and can be until ${until}; the device trades it with the HTTPS of the gateway (8443, or gateway.claimUrl).`,
  ];
}

function expired({ expiresAtUs }: ClaimStateAnswer): string {
  return [
    `The claim on the card has expired at ${timeOf(expiresAtUs)}, before the device traded it: it will not come any more.`,
    'Flash the card again, and switch the device on in time. `tls.claimAge` in the configuration of the gateway says how long a claim can be traded.',
  ].join('\n');
}
