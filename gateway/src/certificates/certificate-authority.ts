// The library's injector looks for the metadata of decorators when it loads.
import 'reflect-metadata';
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { accepted, refused, type Result } from '@fieldline/protocol';

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { ...keyAlgorithm, hash: 'SHA-256' } as const;

/** The name that agents ask for and check, wherever the gateway is: addresses change, this name does not. */
export const gatewayServerName = 'fieldline-gateway';

/** An identity of a server: its key and what it shows, both PEM. */
export interface ServerIdentity {
  readonly keyPem: string;
  /** The certificate and behind it the authority's, so that a peer can compare fingerprints. */
  readonly chainPem: string;
  readonly expiresAtUs: number;
}

/** A certificate of a device. */
export interface IssuedCertificate {
  readonly pem: string;
  /** As hexadecimal digits. */
  readonly serial: string;
  readonly expiresAtUs: number;
}

/** From when on, and until when, a certificate counts; µs. */
export interface Validity {
  readonly fromUs: number;
  readonly untilUs: number;
}

/** Longest request for a certificate that is read, in characters: one with an RSA key of 4096 bits has 1700. */
export const requestCharsMax = 8192;

/** RSA keys below this are refused, in bits (NIST SP 800-57, 5.6.1: 112 bits of security). */
const rsaBitsMin = 2048;

/**
 * The gateway's own certificate authority: it vouches for the gateway before its devices, and for the devices
 * before the gateway. Its key is made here and never leaves the home.
 */
export class CertificateAuthority {
  readonly pem: string;
  /** SHA-256 of the certificate (DER), base64url: what a claim carries. */
  readonly fingerprint: string;
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
    this.pem = `${certificate.toString('pem')}\n`;
    this.fingerprint = fingerprintOf(this.pem);
  }

  /** Makes a new authority, and its private key as PEM (PKCS #8), for whoever keeps it. */
  static async create(validity: Validity): Promise<{ authority: CertificateAuthority; keyPem: string }> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: newSerial(),
      name: 'CN=Fieldline gateway authority',
      ...dates(validity),
      signingAlgorithm: signing,
      keys,
      extensions: [
        // Depth 0: what it signs can sign nothing.
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    const keyPem = `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`;
    return { authority: new CertificateAuthority(certificate, keys.privateKey), keyPem };
  }

  /** Reads what `create` gave. Throws where it is damaged, or the key is not the certificate's. */
  static async read(certificatePem: string, keyPem: string): Promise<CertificateAuthority> {
    const certificate = new x509.X509Certificate(certificatePem);
    const [der] = x509.PemConverter.decode(keyPem);
    if (!der) throw new TypeError('there is no key in it');
    const key = await webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign']);
    const authority = new CertificateAuthority(certificate, key);
    const probe = await authority.#sign('CN=probe', certificate.publicKey, [], {
      fromUs: 0,
      untilUs: 1_000_000,
    });
    if (!(await probe.verify({ publicKey: certificate.publicKey, signatureOnly: true })))
      throw new TypeError('key and certificate do not belong together');
    return authority;
  }

  /** Makes key and certificate of a server that is called `names`: DNS names and IP addresses. */
  async issueServer(names: readonly string[], validity: Validity): Promise<ServerIdentity> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    const certificate = await this.#sign(
      `CN=${gatewayServerName}`,
      keys.publicKey,
      [
        new x509.SubjectAlternativeNameExtension(
          [gatewayServerName, ...names].map((name) => ({
            type: isAddress(name) ? 'ip' : 'dns',
            value: name,
          })),
        ),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ],
      validity,
    );
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return {
      keyPem: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
      chainPem: `${certificate.toString('pem')}\n${this.pem}`,
      expiresAtUs: validity.untilUs,
    };
  }

  /**
   * Makes the certificate of a device for the key of a request (PKCS #10, PEM). Of the request nothing else is
   * taken over: name, use and time are ours to say. Refused as CERTIFICATE_REQUEST_INVALID.
   */
  async issueDevice(
    device: string,
    requestPem: string,
    validity: Validity,
  ): Promise<Result<IssuedCertificate>> {
    const request = await readRequest(requestPem);
    if (!request.ok) return request;
    const use = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
    const certificate = await this.#sign(`CN=${device}`, request.value, [use], validity);
    return accepted({
      pem: `${certificate.toString('pem')}\n`,
      serial: certificate.serialNumber,
      expiresAtUs: validity.untilUs,
    });
  }

  async #sign(
    subject: string,
    publicKey: x509.PublicKey | webcrypto.CryptoKey,
    extensions: readonly x509.Extension[],
    validity: Validity,
  ): Promise<x509.X509Certificate> {
    return x509.X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject,
      issuer: this.#certificate.subject,
      ...dates(validity),
      signingAlgorithm: signing,
      publicKey,
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
        ...extensions,
      ],
    });
  }
}

/** SHA-256 of the first certificate of a PEM text, base64url. Throws where there is none. */
export function fingerprintOf(pem: string): string {
  const hex = new NodeCertificate(pem).fingerprint256.replaceAll(':', '');
  return Buffer.from(hex, 'hex').toString('base64url');
}

/** The signature proves that whoever asks has the private key (RFC 2986, 3). */
async function readRequest(pem: string): Promise<Result<x509.PublicKey>> {
  const invalid = (detail: string) => refused('CERTIFICATE_REQUEST_INVALID', detail);
  if (pem.length > requestCharsMax) return invalid(`${pem.length} characters; at most ${requestCharsMax}.`);
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    if (!(await request.verify())) return invalid('Its signature is not of its key.');
    const algorithm: unknown = Reflect.get(request.publicKey, 'algorithm');
    const bits: unknown = Reflect.get(Object(algorithm), 'modulusLength');
    if (typeof bits === 'number' && bits < rsaBitsMin) return invalid(`Its RSA key has only ${bits} bits.`);
    return accepted(request.publicKey);
  } catch {
    return invalid('It is not a PKCS #10 request in PEM.');
  }
}

/** 127 random bits, positive (RFC 5280, 4.1.2.2), as hexadecimal digits without a leading zero byte. */
function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function dates({ fromUs, untilUs }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(fromUs / 1000), notAfter: new Date(untilUs / 1000) };
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}

/** What a peer has shown and OpenSSL has verified, as the registry knows it. */
export interface PeerCertificate {
  readonly device: string;
  readonly serial: string;
  /** Its own notAfter, µs: at this instant it still counts. */
  readonly expiresAtUs: number;
}
