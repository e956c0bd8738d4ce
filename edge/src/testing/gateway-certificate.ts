import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { gatewayServerName } from '../claim/server-name.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate that stands for a gateway by its fingerprint: key and certificate in PEM, the pin in base64url. */
export async function gatewayCertificate(): Promise<{ key: string; cert: string; pin: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const shown = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${gatewayServerName}`,
    notBefore: new Date(0),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: algorithm,
    keys,
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const cert = shown.toString('pem');
  const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '');
  const pin = Buffer.from(fingerprint, 'hex').toString('base64url');
  return { key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), cert, pin };
}
