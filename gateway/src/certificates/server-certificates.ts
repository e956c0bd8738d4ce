import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { FieldlineError } from '@fieldline/protocol';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { fingerprintOf, type CertificateAuthority, type ServerIdentity } from './certificate-authority.ts';

/** How long the gateway's own certificates count, in µs, and how often it is looked whether they still do. */
const serverAgeUs = 90 * 86_400_000_000;
const checkEveryMs = 3_600_000;
/** What a peer's clock may be behind, in µs. */
const backdatedUs = 86_400_000_000;

/** Key and certificate files that replace the gateway's own. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What a TLS server is given; both PEM. */
export interface ServerKeys {
  readonly key: string;
  readonly cert: string;
}

/** The two servers: devices may have a clock that stands at 1970, browsers want certificates of a plausible age. */
export type ServerRole = 'devices' | 'people';

/**
 * What the TLS listeners show: certificates of the gateway's own authority, renewed at two thirds of their time or
 * when the machine's addresses change; or those of files, read again when they change.
 */
export class ServerCertificates {
  readonly #options: ServerCertificateOptions;
  readonly #listeners = new Map<(keys: ServerKeys) => void, ServerRole>();
  readonly #timer: NodeJS.Timeout;
  #own: Readonly<Record<ServerRole, ServerIdentity>> | undefined;
  #names = '';
  #fromFiles: ServerKeys | undefined;
  #filesChangedMs = 0;

  private constructor(options: ServerCertificateOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.renew(), checkEveryMs).unref();
  }

  /** Throws CERTIFICATE_FILE_UNUSABLE. */
  static async open(options: ServerCertificateOptions): Promise<ServerCertificates> {
    const certificates = new ServerCertificates(options);
    if (options.files) certificates.#readFiles(options.files);
    else await certificates.#issue();
    return certificates;
  }

  /** What a server of this role shows now. */
  keys(role: ServerRole): ServerKeys {
    if (this.#fromFiles) return this.#fromFiles;
    const own = this.#own?.[role];
    return { key: own?.keyPem ?? '', cert: own?.chainPem ?? '' };
  }

  /** What a claim pins: the own authority, or the certificate of the file. */
  get pin(): string {
    return this.#fromFiles ? fingerprintOf(this.#fromFiles.cert) : this.#options.authority.fingerprint;
  }

  /** What a device shall trust: the own authority; undefined for files, of which it knows the issuer already. */
  get trustedPem(): string | undefined {
    return this.#fromFiles ? undefined : this.#options.authority.pem;
  }

  /** Calls back whenever a server of this role has something else to show. */
  onRenewed(role: ServerRole, listener: (keys: ServerKeys) => void): void {
    this.#listeners.set(listener, role);
  }

  /** Renews what is due. What fails is told and tried again at the next look; what is shown stays. */
  async renew(): Promise<void> {
    const { files, logger } = this.#options;
    try {
      const isNew = files ? this.#readFiles(files) : this.#isDue() && (await this.#issue());
      if (!isNew) return;
      logger.info('The certificates of the TLS listeners are new');
      for (const [listener, role] of this.#listeners) listener(this.keys(role));
    } catch (error) {
      logger.error({ err: error }, 'The certificates of the TLS listeners could not be renewed');
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #isDue(): boolean {
    const leftUs = (this.#own?.people.expiresAtUs ?? 0) - this.#options.clock.nowUs();
    return leftUs < serverAgeUs / 3 || this.#names !== this.#currentNames().join(' ');
  }

  async #issue(): Promise<true> {
    const { authority, clock } = this.#options;
    const names = this.#currentNames();
    const nowUs = clock.nowUs();
    const untilUs = nowUs + serverAgeUs;
    const people = await authority.issueServer(names, { fromUs: nowUs - backdatedUs, untilUs });
    const devices = await authority.issueServer(names, { fromUs: 0, untilUs });
    this.#own = { people, devices };
    this.#names = names.join(' ');
    return true;
  }

  #currentNames(): string[] {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const usable = addresses.map(({ address }) => address).filter((address) => !address.startsWith('fe80:'));
    const host = hostname().toLowerCase();
    const hostNames = /^[a-z0-9.-]{1,253}$/.test(host) ? [host, `${host}.local`] : [];
    const always = ['localhost', '127.0.0.1', '::1'];
    return [...new Set([...always, ...hostNames, ...usable, ...this.#options.names])].toSorted();
  }

  /** True where they have changed since they were read. */
  #readFiles({ certificateFile, keyFile }: CertificateFiles): boolean {
    try {
      const changedMs = Math.max(statSync(certificateFile).mtimeMs, statSync(keyFile).mtimeMs);
      if (changedMs === this.#filesChangedMs) return false;
      const [cert, key] = [readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8')];
      if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
        throw new TypeError('the key is not that of the certificate');
      this.#fromFiles = { cert, key };
      this.#filesChangedMs = changedMs;
      return true;
    } catch (cause) {
      const detail = cause instanceof Error ? `${cause.message}.` : '';
      throw new FieldlineError('CERTIFICATE_FILE_UNUSABLE', { subject: certificateFile, detail, cause });
    }
  }
}

/** What the certificates of the servers are made from. */
export interface ServerCertificateOptions {
  readonly authority: CertificateAuthority;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names and addresses of the gateway beside those that this machine knows of itself. */
  readonly names: readonly string[];
  readonly files?: CertificateFiles | undefined;
}
