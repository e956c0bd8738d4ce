import { X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { accepted, refused, type Result } from '@fieldline/protocol';
import { gatewayServerName } from '../claim/server-name.ts';

/** By what the gateway is recognised: a fingerprint (SHA-256, base64url), its authority (PEM), or those of the system. */
export type Trust =
  | { readonly kind: 'pin'; readonly fingerprint: string }
  | { readonly kind: 'authority'; readonly pem: string }
  | { readonly kind: 'system' };

/** What the device shows: PEM both. */
export interface ShownIdentity {
  readonly key: string;
  readonly cert: string;
}

/** A POST of JSON, and whom it may reach. */
export interface SecurePost {
  readonly url: URL;
  readonly body: object;
  readonly trust: Trust;
  readonly shown?: ShownIdentity | undefined;
  readonly signal: AbortSignal;
}

/** An answer: its status, and its body read as JSON. */
export interface PostAnswer {
  readonly status: number;
  readonly document: unknown;
}

/** Longest wait for an answer, in ms, and longest answer, in bytes. */
const answerMs = 15_000;
const answerBytesMax = 64 * 1024;

/**
 * Posts JSON over TLS. Nothing is sent before the other side is recognised. Refused as UPLINK_UNREACHABLE or
 * UPLINK_GATEWAY_UNTRUSTED.
 */
export async function securePost(post: SecurePost): Promise<Result<PostAnswer>> {
  const opened = await openSocket(post);
  if (!opened.ok) return opened;
  const socket = opened.value;
  try {
    return accepted(await exchange(socket, post));
  } catch (error) {
    return refused('UPLINK_UNREACHABLE', `${post.url.host}: ${messageOf(error)}`);
  } finally {
    socket.destroy();
  }
}

/**
 * Opens a connection over TLS to the host of `url`, once the other side is recognised. Refused as UPLINK_UNREACHABLE or
 * UPLINK_GATEWAY_UNTRUSTED; a connection that is silent for 15 s is destroyed.
 */
export function openSocket({
  url,
  trust,
  shown,
  signal,
}: Omit<SecurePost, 'body'>): Promise<Result<TLSSocket>> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isOwn = trust.kind !== 'system';
  const socket = connect({
    host,
    port: Number(url.port || 443),
    ...shown,
    ...(trust.kind === 'authority' && { ca: trust.pem }),
    ...(isOwn && { servername: gatewayServerName }),
    // With a pin, the fingerprint says who it is; the clock of a device that is new may stand anywhere.
    rejectUnauthorized: trust.kind !== 'pin',
    minVersion: 'TLSv1.2',
  });
  return new Promise((resolve) => {
    const fail = (reason: string, code: 'UPLINK_UNREACHABLE' | 'UPLINK_GATEWAY_UNTRUSTED'): void => {
      socket.destroy();
      resolve(refused(code, `${url.host}: ${reason}`));
    };
    const onAbort = (): void => fail('the agent is stopping', 'UPLINK_UNREACHABLE');
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(answerMs, () => fail(`no answer within ${answerMs} ms`, 'UPLINK_UNREACHABLE'));
    // Stays for the life of the socket: an error event without a listener would end the process.
    socket.on('error', (error: Error) => {
      const isDoubt = 'code' in error && /CERT|ISSUER|SIGNED|VERIFY|ALTNAME/.test(String(error.code));
      fail(error.message, isDoubt ? 'UPLINK_GATEWAY_UNTRUSTED' : 'UPLINK_UNREACHABLE');
    });
    socket.once('close', () => signal.removeEventListener('abort', onAbort));
    socket.once('secureConnect', () => {
      const isRecognised = trust.kind !== 'pin' || shows(socket.getPeerCertificate(true), trust.fingerprint);
      if (isRecognised) resolve(accepted(socket));
      else fail('it shows another certificate than the claim names', 'UPLINK_GATEWAY_UNTRUSTED');
    });
  });
}

/** TLS server authentication among the purposes of a certificate (RFC 5280, 4.2.1.12). */
const serverAuth = '1.3.6.1.5.5.7.3.1';

/**
 * Whether the peer's certificate has this fingerprint, or is one for the gateway by an authority that it shows and that
 * has it. The same authority signs for every device: that it has signed is not enough.
 */
function shows(peer: DetailedPeerCertificate, fingerprint: string): boolean {
  const wanted = Buffer.from(fingerprint, 'base64url').toString('hex').toUpperCase();
  const isWanted = (certificate: X509Certificate) =>
    certificate.fingerprint256.replaceAll(':', '') === wanted;
  const leaf = new X509Certificate(peer.raw);
  if (isWanted(leaf)) return true;
  const issuer = issuerOf(peer);
  const isForGateway = serves(leaf) && leaf.checkHost(gatewayServerName, { subject: 'never' }) !== undefined;
  if (!issuer || !isForGateway) return false;
  return isWanted(issuer) && leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
}

/** Missing where the peer sends its certificate alone, whatever the types say. */
function issuerOf({ issuerCertificate }: Partial<DetailedPeerCertificate>): X509Certificate | undefined {
  return issuerCertificate && new X509Certificate(issuerCertificate.raw);
}

/** Its extended usages are missing where it names none. */
function serves({ keyUsage }: { readonly keyUsage?: readonly string[] }): boolean {
  return keyUsage?.includes(serverAuth) === true;
}

function exchange(socket: TLSSocket, { url, body, signal }: SecurePost): Promise<PostAnswer> {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  const about = { method: 'POST', path: url.pathname, headers: { ...headers, host: url.host }, signal };
  return new Promise((resolve, reject) => {
    const sent = request({ ...about, createConnection: () => socket }, (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > answerBytesMax) response.destroy(new RangeError('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, document: parseJson(Buffer.concat(chunks)) });
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
