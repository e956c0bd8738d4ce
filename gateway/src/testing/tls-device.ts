import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import * as x509 from '@peculiar/x509';

/** A key that a device made for itself, and its request for a certificate; both PEM. */
export interface DeviceKey {
  readonly keyPem: string;
  readonly requestPem: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes a key and a request, as a device does that nobody has taught this product. */
export async function newDeviceKey(name = 'CN=whatever'): Promise<DeviceKey> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signed = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), requestPem: signed.toString('pem') };
}

/** A POST over TLS; the answer is read as JSON. */
export function postSecurely(
  url: string,
  body: object,
  options: RequestOptions = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      url,
      { ...options, method: 'POST', headers: { 'content-type': 'application/json' }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}
