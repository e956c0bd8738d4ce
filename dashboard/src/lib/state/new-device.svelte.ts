import type { AboutAnswer, ClaimStateAnswer, DeviceSummary } from '@fieldline/protocol';
import { claimDevice, fetchAbout, fetchClaim, registerDevice } from '../api/device-api.ts';
import type { Answer, Failure } from '../api/gateway-client.ts';
import { firstConfig } from '../format/device-config.ts';
import type { FlashArch, FlashTarget } from '../format/flash-command.ts';
import type { Clock } from './clock.svelte.ts';
import type { Fleet } from './fleet.svelte.ts';
import type { Router } from './router.svelte.ts';

/** How often the gateway is asked what became of the claim, in ms. */
const claimPauseMs = 2_000;

/** The steps of an arrival, in their order. */
export const arrivalSteps = ['powered', 'network', 'paired', 'reading'] as const;
/** One of them. */
export type ArrivalStep = (typeof arrivalSteps)[number];

/** What the class looks at. */
export interface NewDeviceParts {
  readonly router: Router;
  readonly fleet: Fleet;
  readonly clock: Clock;
}

/**
 * A device on its way to the gateway. Which one, and since when, stands in the address, so that a reload goes on
 * with the same; its secret is nowhere but in this object.
 */
export class NewDevice {
  readonly #parts: NewDeviceParts;
  about = $state.raw<AboutAnswer | undefined>();
  failure = $state.raw<Failure | undefined>();
  isMaking = $state(false);
  /** The configuration with the secret (YAML), as long as this page is open. */
  file = $state.raw<string | undefined>();
  claim = $state.raw<ClaimStateAnswer | undefined>();
  gateway = $state('');
  target = $state<FlashTarget>('disk');
  arch = $state<FlashArch>('arm64');
  image = $state('raspios.img.xz');
  wifi = $state('');
  wifiCountry = $state('CH');

  /** The device that is waited for; empty before there is one. */
  readonly device = $derived.by(() => this.#parts.router.route.query.get('device') ?? '');
  /** What is older belongs to an earlier life of the device: µs, 0 where all of it counts. */
  readonly sinceUs = $derived.by(() => Number(this.#parts.router.route.query.get('since')) || 0);
  /** Whether a claim or a password was made for it on this page or before. */
  readonly isMade = $derived.by(() => this.sinceUs > 0);
  readonly #summary = $derived.by((): DeviceSummary | undefined =>
    this.#parts.fleet.devices.get(this.device),
  );
  readonly isPaired = $derived.by(() => {
    const { online = false, lastSeenUs = null, revoked = false } = this.#summary ?? {};
    return !revoked && (online || (lastSeenUs ?? 0) > this.sinceUs);
  });
  /** The stream that came first; undefined before. */
  readonly firstStream = $derived.by(() => {
    if (!this.isPaired) return undefined;
    const streams = this.#parts.fleet.streamsOf(this.device);
    return streams.find(({ lastT }) => (lastT ?? 0) > this.sinceUs)?.info.stream;
  });
  /** How many of the steps are behind it. */
  readonly reached = $derived.by(() => {
    if (this.firstStream !== undefined) return 4;
    if (this.isPaired) return 3;
    return this.claim?.state === 'used' ? 2 : 0;
  });
  /** The claim ran out before the device came. */
  readonly isExpired = $derived.by(() => {
    if (this.reached > 0 || this.claim === undefined) return false;
    const isOver = (this.claim.expiresAtUs ?? Infinity) <= this.#parts.clock.nowUs;
    return this.claim.state === 'expired' || (this.claim.state === 'open' && isOver);
  });

  /** Nothing about the claim can change any more: it was used, or the device has come by a password. */
  readonly #isSettled = $derived.by(
    () => this.claim?.state === 'used' || (this.claim?.state === 'none' && this.isPaired),
  );

  constructor(parts: NewDeviceParts) {
    this.#parts = parts;
  }

  /** Follows the device until the returned function is called. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isStopped = false;
    const follow = async () => {
      if (this.isMade && !this.#isSettled) await this.#look();
      if (!isStopped) timer = setTimeout(() => void follow(), claimPauseMs);
    };
    void this.#readAbout().then(follow);
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  }

  /** Makes the secret of this device; `device` is a valid name. */
  async make(device: string): Promise<void> {
    this.isMaking = true;
    const { gateway } = this;
    const answer = await secretOf(device, gateway);
    this.isMaking = false;
    this.failure = answer.ok ? undefined : answer;
    if (!answer.ok) return;
    const httpsPort = this.about?.ports.https ?? null;
    this.file = firstConfig({ device, gateway, secret: answer.value, httpsPort });
    this.claim = undefined;
    const since = String(Math.round(this.#parts.clock.exactNowUs()));
    this.#parts.router.go(`/add-device?${new URLSearchParams({ device, since })}`, { replace: true });
    if ('claim' in answer.value) await this.#look();
  }

  async #readAbout(): Promise<void> {
    const answer = await fetchAbout();
    if (!answer.ok) {
      this.failure = answer;
      return;
    }
    this.about = answer.value;
    const { mqtts, mqtt } = answer.value.ports;
    const port = mqtts ?? mqtt;
    if (port !== null) this.gateway = `${mqtts === null ? 'mqtt' : 'mqtts'}://${location.hostname}:${port}`;
  }

  async #look(): Promise<void> {
    const answer = await fetchClaim(this.device);
    if (answer.ok) this.claim = answer.value;
    else this.failure = answer;
  }
}

/** Over TLS a claim, else a password. */
async function secretOf(
  device: string,
  gateway: string,
): Promise<Answer<{ readonly claim: string } | { readonly password: string }>> {
  if (gateway.startsWith('mqtts:')) {
    const answer = await claimDevice(device);
    return answer.ok ? { ok: true, value: { claim: answer.value.claim } } : answer;
  }
  const answer = await registerDevice(device);
  return answer.ok ? { ok: true, value: { password: answer.value.password } } : answer;
}
