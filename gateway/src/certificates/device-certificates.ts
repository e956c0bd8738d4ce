import type { DatabaseSync } from 'node:sqlite';
import { accepted, refused, type Result } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import type { CertificateAuthority, IssuedCertificate } from './certificate-authority.ts';

/** Certificates that one device may have at once: the one it uses, and those on their way to it. */
export const certificatesPerDeviceMax = 4;

/** What the gateway's clock may have been ahead of a peer's, in µs. */
const backdatedUs = 86_400_000_000;

/**
 * Which certificates of devices count. A certificate that is not in the list opens nothing, whoever signed it: so
 * revoking needs no list of the revoked, and a device that is registered again is not opened by its old ones.
 */
export class DeviceCertificates {
  readonly #authority: CertificateAuthority;
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #ageUs: number;

  constructor(
    database: DatabaseSync,
    options: { authority: CertificateAuthority; clock: Clock; ageUs: number },
  ) {
    this.#database = database;
    this.#authority = options.authority;
    this.#clock = options.clock;
    this.#ageUs = options.ageUs;
  }

  /**
   * Issues a certificate for the key of a request, and remembers it durably. Refused as the authority refuses, and as
   * CERTIFICATE_REFUSED where `isEntitled` says after the signing that the device was revoked, or its claim replaced.
   */
  async issue(
    device: string,
    requestPem: string,
    isEntitled: () => boolean,
  ): Promise<Result<IssuedCertificate>> {
    const nowUs = this.#clock.nowUs();
    const validity = { fromUs: nowUs - backdatedUs, untilUs: nowUs + this.#ageUs };
    const issued = await this.#authority.issueDevice(device, requestPem, validity);
    if (!issued.ok) return issued;
    // What was forgotten while it was signed must not be remembered again.
    if (!isEntitled()) return refused('CERTIFICATE_REFUSED', device);
    this.#database
      .prepare(
        'INSERT INTO device_certificates (serial, device, issued_at_us, expires_at_us) VALUES (?, ?, ?, ?)',
      )
      .run(issued.value.serial, device, nowUs, validity.untilUs);
    // A device that asks again and again, since it loses the answers, keeps the newest.
    this.#database
      .prepare(
        `DELETE FROM device_certificates WHERE device = ? AND serial NOT IN (
           SELECT serial FROM device_certificates WHERE device = ? ORDER BY issued_at_us DESC, rowid DESC LIMIT ?)`,
      )
      .run(device, device, certificatesPerDeviceMax);
    return accepted(issued.value);
  }

  /** Whether this certificate stands for this device now. */
  isKnown(device: string, serial: string): boolean {
    const row = this.#database
      .prepare('SELECT expires_at_us FROM device_certificates WHERE serial = ? AND device = ?')
      .get(serial, device);
    return row !== undefined && Number(row['expires_at_us']) > this.#clock.nowUs();
  }

  /** The device has shown this certificate, so it has it: those issued before are over. */
  used(device: string, serial: string): void {
    const row = this.#database
      .prepare('SELECT issued_at_us FROM device_certificates WHERE serial = ? AND device = ?')
      .get(serial, device);
    if (row === undefined) return;
    const older = 'DELETE FROM device_certificates WHERE device = ? AND issued_at_us < ?';
    this.#database.prepare(older).run(device, Number(row['issued_at_us']));
  }

  /** The device is revoked. */
  forget(device: string): void {
    this.#database.prepare('DELETE FROM device_certificates WHERE device = ?').run(device);
  }
}
