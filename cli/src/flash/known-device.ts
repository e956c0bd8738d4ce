import { ClaimStateAnswer, DeviceSummary, FieldlineError, type ErrorCode } from '@fieldline/protocol';
import { GatewayClient } from '../gateway/gateway-client.ts';
import type { DeviceOptions } from './device-options.ts';

/** What the gateway knows of a device before its card is made. */
export interface KnownDevice {
  /** Of its last status; null where it never came, or where nobody asked. */
  readonly bootId: string | null;
  /** Until when its claim can be traded, in µs; undefined where it has none, or nobody said. */
  readonly claimUntilUs: number | undefined;
}

/** What is known where nobody asks. */
const nothing: KnownDevice = { bootId: null, claimUntilUs: undefined };
/** What a gateway answers to somebody who may not know of claims. */
const forbidden: readonly ErrorCode[] = ['API_UNAUTHORIZED', 'API_FORBIDDEN_ROLE'];

/**
 * Looks before a card is written, so that nobody waits for a device that cannot come. Asks the gateway only where the
 * device will be awaited. Throws CLAIM_REFUSED where the claim that was brought is of another device, expired or
 * traded; API_DEVICE_UNKNOWN where a brought credential is of no device; what the gateway answers.
 */
export async function knownBefore(
  name: string,
  { claim, isBrought }: { readonly claim: string | undefined; readonly isBrought: boolean },
  options: Pick<DeviceOptions, 'api' | 'token' | 'home' | 'noWait'>,
): Promise<KnownDevice> {
  const [owner] = claim?.split('.') ?? [];
  if (owner !== undefined && owner !== name) refuseClaim(name, `It is one of ${owner}.`);
  if (options.noWait) return nothing;
  const client = new GatewayClient({ gateway: options.api, token: options.token, home: options.home });
  const device = await client.get(`/api/v1/devices/${name}`, DeviceSummary).catch((cause: unknown) => {
    // One that is not registered yet will be.
    if (!isBrought && isOneOf(cause, ['API_DEVICE_UNKNOWN'])) return undefined;
    throw cause;
  });
  const bootId = device?.bootId ?? null;
  if (claim === undefined) return { bootId, claimUntilUs: undefined };
  const state = await claimState(client, name);
  if (state?.state === 'expired') refuseClaim(name, `It has expired at ${timeOf(state.expiresAtUs)}.`);
  if (state?.state === 'used') refuseClaim(name, 'It was traded before.');
  return { bootId, claimUntilUs: state?.expiresAtUs ?? undefined };
}

/** What became of the newest claim of a device; undefined where whoever asks may not know. */
export async function claimState(client: GatewayClient, name: string): Promise<ClaimStateAnswer | undefined> {
  return client.get(`/api/v1/devices/${name}/claim`, ClaimStateAnswer).catch((cause: unknown) => {
    if (isOneOf(cause, forbidden)) return undefined;
    throw cause;
  });
}

/** A time as people read it, to the minute, in the zone of this machine. */
export function timeOf(atUs: number | null): string {
  return new Date((atUs ?? 0) / 1000).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
}

function isOneOf(cause: unknown, codes: readonly ErrorCode[]): boolean {
  return cause instanceof FieldlineError && codes.includes(cause.code);
}

function refuseClaim(name: string, detail: string): never {
  throw new FieldlineError('CLAIM_REFUSED', { subject: name, detail });
}
