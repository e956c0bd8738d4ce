import { createHash, X509Certificate } from 'node:crypto';
import { accepted, IssuedCredential, Problem, refused, type Result } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import { IdentityStore, type PendingIdentity, type StoredIdentity } from '../bindings/identity-store.ts';
import type { Trust } from '../bindings/secure-post.ts';
import type { Timers } from '../bindings/timers.ts';
import type { Logger } from '../logger.ts';
import { makeRequest } from './make-request.ts';
import { gatewayServerName } from './server-name.ts';

/** What a TLS connection to the gateway shows and trusts; PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
  /** The gateway's own authority and the name to ask it for; absent where the system's authorities are trusted. */
  readonly ca?: string;
  readonly servername?: string;
}

/** What an identity is made from. */
export interface DeviceIdentityOptions {
  readonly device: string;
  readonly dataDir: string;
  /** `DEVICE.FINGERPRINT.SECRET` and where it is traded; without it only a stored identity is used. */
  readonly claim: { readonly claim: string; readonly url: string } | undefined;
  readonly nowUs: () => number;
  readonly timers: Timers;
  readonly logger: Logger;
}

const claimPattern = /^([a-z0-9][a-z0-9-]{0,62})\.([\w-]{43})\.([\w-]{43})$/;

/** A device's clock may be so far behind that of the gateway, which ends a session with its certificate; µs. */
const clockBehindUs = 60_000_000;

/** How often it is looked whether the certificate is to be renewed, in ms. */
const renewalCheckMs = 3_600_000;

/**
 * The certificate of this device: traded for its claim once, renewed at two thirds of its time, kept durably. A key
 * and its request are on the disk before they are sent: after a power cut the same request is sent again, which
 * the gateway takes, since an answer may have been lost.
 */
export class DeviceIdentity {
  readonly #options: DeviceIdentityOptions;
  readonly #store: IdentityStore;
  readonly #ending = new AbortController();
  #identity: StoredIdentity | undefined;
  #isLoaded = false;
  #cancelCheck: (() => void) | undefined;

  constructor(options: DeviceIdentityOptions) {
    this.#options = options;
    this.#store = new IdentityStore(options.dataDir);
  }

  /** Looks whether the certificate is to be renewed, after each hour. */
  #watch(): void {
    this.#cancelCheck = this.#options.timers.after(renewalCheckMs, () => {
      void this.#renewIfDue()
        .catch((cause: unknown) => this.#options.logger.warn({ cause: String(cause) }, 'renewal failed'))
        .then(() => {
          if (!this.#ending.signal.aborted) this.#watch();
        });
    });
  }

  /** Ends what is under way, and looks after the renewal no more. */
  stop(): void {
    this.#cancelCheck?.();
    this.#ending.abort();
  }

  /**
   * What to show; undefined where the device has no claim and no certificate. Trades the claim where that has not
   * been done, and looks after the renewal from then on. Refused as UPLINK_CLAIM_FAILED, UPLINK_UNREACHABLE or
   * UPLINK_GATEWAY_UNTRUSTED.
   */
  async ready(): Promise<Result<TlsIdentity | undefined>> {
    if (!this.#isLoaded) this.#identity = await this.#store.identity();
    this.#isLoaded = true;
    if (!this.#cancelCheck) this.#watch();
    const { claim } = this.#options;
    const isTraded = claim === undefined || this.#identity?.claimDigest === digestOf(claim.claim);
    if (!isTraded) {
      const traded = await this.#trade(claim.claim, claim.url);
      if (!traded.ok) return traded;
      this.#identity = traded.value;
    }
    return accepted(this.#identity && toTls(this.#identity));
  }

  /** Until when a certificate counts that the gateway does not take any more; undefined while its end is not near. */
  endOf(shown: TlsIdentity): { readonly endedAt: string; readonly hasNext: boolean } | undefined {
    const endMs = Date.parse(new X509Certificate(shown.cert).validTo);
    if (this.#options.nowUs() + clockBehindUs < endMs * 1000) return undefined;
    const hasNext = this.#identity !== undefined && this.#identity.certificatePem !== shown.cert;
    return { endedAt: new Date(endMs).toISOString(), hasNext };
  }

  async #trade(claim: string, gatewayUrl: string): Promise<Result<StoredIdentity>> {
    const [, device, fingerprint] = claimPattern.exec(claim) ?? [];
    if (device !== this.#options.device || fingerprint === undefined)
      return refused('UPLINK_CLAIM_FAILED', 'It is no claim of this device: DEVICE.FINGERPRINT.SECRET.');
    const pending = await this.#request(digestOf(claim));
    const body = { claim, request: pending.requestPem };
    const trust: Trust = { kind: 'pin', fingerprint };
    return this.#obtain('/api/v1/claim', { gatewayUrl, body, pending, trust });
  }

  /** Renews where two thirds of the time have passed. What fails is tried again. */
  async #renewIfDue(): Promise<void> {
    const present = this.#identity;
    if (!present) return;
    const { issuedAtUs, expiresAtUs, claimDigest } = present;
    if (this.#options.nowUs() < issuedAtUs + ((expiresAtUs - issuedAtUs) * 2) / 3) return;
    const renewed = await this.#renew(present, claimDigest);
    if (renewed.ok) this.#identity = renewed.value;
    else this.#options.logger.warn({ code: renewed.refusal.code }, renewed.refusal.detail);
  }

  async #renew(present: StoredIdentity, claimDigest: string): Promise<Result<StoredIdentity>> {
    const pending = await this.#request(claimDigest);
    const { authorityPem } = present;
    const trust: Trust =
      authorityPem === null ? { kind: 'system' } : { kind: 'authority', pem: authorityPem };
    const body = { request: pending.requestPem };
    const gatewayUrl = this.#options.claim?.url ?? present.gatewayUrl;
    return this.#obtain('/api/v1/renew', { gatewayUrl, body, pending, trust, present });
  }

  /** The request that waits for its answer, or a new one. */
  async #request(claimDigest: string): Promise<PendingIdentity> {
    const waiting = await this.#store.pending();
    const isUsed = waiting?.keyPem === this.#identity?.keyPem;
    if (waiting?.claimDigest === claimDigest && !isUsed) return waiting;
    const pending = { claimDigest, ...(await makeRequest(this.#options.device)) };
    await this.#store.save('pending', pending);
    return pending;
  }

  async #obtain(
    path: string,
    about: {
      readonly gatewayUrl: string;
      readonly body: object;
      readonly pending: PendingIdentity;
      readonly trust: Trust;
      readonly present?: StoredIdentity;
    },
  ): Promise<Result<StoredIdentity>> {
    const { gatewayUrl, body, pending, trust, present } = about;
    const shown = present && { key: present.keyPem, cert: present.certificatePem };
    const { signal } = this.#ending;
    const url = new URL(path, gatewayUrl);
    // Loaded now: a device needs it once in two months.
    const { securePost } = await import('../bindings/secure-post.ts');
    const answer = await securePost({ url, body, trust, shown, signal });
    if (!answer.ok) return answer;
    const { status, document } = answer.value;
    if (status !== 201 || !Value.Check(IssuedCredential, document))
      return refused('UPLINK_CLAIM_FAILED', `${url.host} answered ${status}: ${reasonOf(document)}`);
    const identity = {
      claimDigest: pending.claimDigest,
      gatewayUrl,
      keyPem: pending.keyPem,
      certificatePem: document.certificate,
      authorityPem: document.authority,
      issuedAtUs: this.#options.nowUs(),
      expiresAtUs: document.expiresAtUs,
    };
    await this.#store.save('identity', identity);
    this.#options.logger.info({ expiresAtUs: document.expiresAtUs }, 'the device has a new certificate');
    return accepted(identity);
  }
}

function toTls({ keyPem, certificatePem, authorityPem }: StoredIdentity): TlsIdentity {
  const own = authorityPem === null ? {} : { ca: authorityPem, servername: gatewayServerName };
  return { key: keyPem, cert: certificatePem, ...own };
}

function digestOf(claim: string): string {
  return createHash('sha256').update(claim).digest('base64url');
}

function reasonOf(document: unknown): string {
  return Value.Check(Problem, document) ? `${document.title} [${document.code}]` : 'no answer of a gateway.';
}
