import { createServer, type Server } from 'node:https';
import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { gatewayServerName } from '../claim/server-name.ts';
import { securePost } from './secure-post.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

interface Keyed {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

let authority: Keyed;
let pin: string;
let server: Server | undefined;
let heard: number;

beforeAll(async () => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...about('01'),
    name: 'CN=authority',
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  authority = { certificate, keys };
  const { fingerprint256 } = new X509Certificate(certificate.toString('pem'));
  pin = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function about(serialNumber: string) {
  const notAfter = new Date(Date.now() + 86_400_000);
  return { serialNumber, notBefore: new Date(0), notAfter, signingAlgorithm: algorithm };
}

/** What the authority signs: for a server of `names`, or for a device where there are none. */
async function signed(subject: string, names: readonly string[]): Promise<Keyed> {
  const keys = await newKeys();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const alternatives = names.map((value) => ({ type: 'dns' as const, value }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...about('02'),
    subject,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new x509.ExtendedKeyUsageExtension([names.length > 0 ? serverAuth : clientAuth]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  });
  return { certificate, keys };
}

/** Posts to a server that shows this certificate, with the authority's behind it or alone. */
async function postTo({ certificate, keys }: Keyed, isChained = true) {
  heard = 0;
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const chain = isChained ? [certificate, authority.certificate] : [certificate];
  const shown = {
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    cert: chain.map((each) => each.toString('pem')).join('\n'),
  };
  const opened = createServer(shown, (request, response) => {
    request.resume();
    heard += 1;
    response.end('{}');
  });
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  const address = opened.address();
  const url = new URL(`https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`);
  const trust = { kind: 'pin', fingerprint: pin } as const;
  return securePost({ url, body: {}, trust, signal: new AbortController().signal });
}

const untrusted = { ok: false, refusal: { code: 'UPLINK_GATEWAY_UNTRUSTED' } };

test('a pinned authority stands for the gateway: what it signed for it is believed', async () => {
  const gateway = await signed(`CN=${gatewayServerName}`, ['localhost', gatewayServerName]);
  expect(await postTo(gateway)).toMatchObject({ ok: true, value: { status: 200 } });
});

test('a device of the same authority cannot pose as the gateway, whatever it is called', async () => {
  for (const name of ['lab-1', gatewayServerName]) {
    expect(await postTo(await signed(`CN=${name}`, []))).toMatchObject(untrusted);
    expect(heard).toBe(0);
  }
});

test('a server of another name that the same authority signed is not the gateway', async () => {
  expect(await postTo(await signed(`CN=${gatewayServerName}`, ['other.example']))).toMatchObject(untrusted);
  expect(heard).toBe(0);
});

test('a certificate that comes without its issuer is refused, and ends no process', async () => {
  const gateway = await signed(`CN=${gatewayServerName}`, [gatewayServerName]);
  expect(await postTo(gateway, false)).toMatchObject(untrusted);
});
