import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { GatewayConfig } from '../config/gateway-config.ts';
import { loadAuthority } from './authority-files.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { Claims } from './claims.ts';
import { DeviceCertificates } from './device-certificates.ts';
import { ServerCertificates } from './server-certificates.ts';

/** Everything about certificates: who vouches, what the gateway shows, what devices may show. */
export interface Certificates {
  readonly authority: CertificateAuthority;
  readonly servers: ServerCertificates;
  readonly devices: DeviceCertificates;
  readonly claims: Claims;
}

/**
 * Opens them; `database` is that of `access.db`. Throws CERTIFICATE_AUTHORITY_UNUSABLE or
 * CERTIFICATE_FILE_UNUSABLE.
 */
export async function openCertificates(options: {
  readonly config: Pick<GatewayConfig, 'home' | 'tls'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: DatabaseSync;
}): Promise<Certificates> {
  const { config, clock, logger, database } = options;
  const { files, names, claimAgeUs, deviceCertificateAgeUs } = config.tls;
  const authority = await loadAuthority(config.home, clock);
  const servers = await ServerCertificates.open({ authority, clock, logger, names, files });
  return {
    authority,
    servers,
    devices: new DeviceCertificates(database, { authority, clock, ageUs: deviceCertificateAgeUs }),
    claims: new Claims(database, { clock, ageUs: claimAgeUs }),
  };
}
