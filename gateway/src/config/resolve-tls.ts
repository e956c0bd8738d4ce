import { resolve } from 'node:path';
import { FieldlineError, parseDuration } from '@fieldline/protocol';
import type { SecureListenConfig, TlsConfig } from './gateway-config.ts';
import type { GatewayOptions } from './gateway-schema.ts';

/** Where the TLS listeners open where nobody says otherwise: like the plain ones, on this machine alone. */
export const defaultSecureListen = {
  https: { host: '127.0.0.1', port: 8443 },
  mqtts: { host: '127.0.0.1', port: 8883 },
} as const;

/** Times of claims and certificates where nobody says otherwise. */
export const defaultTls = { deviceCertificateAge: '90d', claimAge: '1h' } as const;

/** The plain listener beside which a TLS listener stands. */
const plainOf = { https: 'http', mqtts: 'mqtt' } as const;

/**
 * Where a TLS listener opens; undefined where it is switched off. Whoever lets the plain one take any free port
 * runs several gateways on a machine: the port is then any free one here, too.
 */
export function resolveSecureListen(
  name: 'https' | 'mqtts',
  options: GatewayOptions,
): SecureListenConfig | undefined {
  const { enabled = true, ...given } = options[name] ?? {};
  if (!enabled) return undefined;
  const anyFree = options[plainOf[name]]?.port === 0 ? { port: 0 } : {};
  return { ...defaultSecureListen[name], ...anyFree, ...given, isGiven: options[name] !== undefined };
}

/** Throws CONFIG_INVALID_VALUE. */
export function resolveTls(tls: GatewayOptions['tls'] = {}): TlsConfig {
  const { certificateFile, keyFile, names = [] } = tls;
  if ((certificateFile === undefined) !== (keyFile === undefined)) {
    throw invalid('tls', 'certificateFile and keyFile belong together: give both, or neither.');
  }
  const files =
    certificateFile !== undefined && keyFile !== undefined
      ? { certificateFile: resolve(certificateFile), keyFile: resolve(keyFile) }
      : undefined;
  return {
    files,
    names,
    deviceCertificateAgeUs: age('deviceCertificateAge', tls.deviceCertificateAge),
    claimAgeUs: age('claimAge', tls.claimAge),
  };
}

function age(name: keyof typeof defaultTls, given: string | undefined): number {
  const parsed = parseDuration(given ?? defaultTls[name]);
  if (!parsed.ok) throw invalid(`tls.${name}`, `${parsed.refusal.detail}.`);
  if (parsed.value > 0) return parsed.value;
  throw invalid(`tls.${name}`, 'It must be longer than 0s.');
}

function invalid(subject: string, detail: string): FieldlineError {
  return new FieldlineError('CONFIG_INVALID_VALUE', { subject, detail });
}
