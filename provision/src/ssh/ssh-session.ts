import { accepted, FieldlineError, refused, type Result } from '@fieldline/protocol';
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm, type SFTPWrapper } from 'ssh2';
import { fingerprintOf, hostName, judgeHostKey, knownTypes } from './known-hosts.ts';

/** How long a connection may take, in ms; a command that says nothing is ended by keep-alives of the connection. */
const readyMs = 20_000;
const keepaliveMs = 10_000;
/** Output of one command that is kept, in bytes. */
const outputBytesMax = 64 * 1024;

/** Where and as whom. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Any of these. */
  readonly privateKey?: Uint8Array | undefined;
  readonly password?: string | undefined;
  /** The socket of an ssh-agent. */
  readonly agentSocket?: string | undefined;
  /** Content of the files of known hosts. */
  readonly knownHosts: string;
  /** A machine that is not known is accepted with this fingerprint alone: `SHA256:…`. */
  readonly acceptedFingerprint?: string | undefined;
}

/** What a command did. */
export interface CommandResult {
  /** -1 where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An open connection. */
export interface SshSession {
  /** The key that the machine showed, and whether it was not known before. */
  readonly hostKey: Buffer;
  readonly isNewHost: boolean;
  /** Runs a command; rejects with SSH_CONNECTION_LOST where the connection breaks. */
  run(command: string, stdin?: string): Promise<CommandResult>;
  /** Writes a file, in parts; rejects with the error of the other side, or what `onBytes` throws. */
  upload(content: Uint8Array, path: string, onBytes: (countBytes: number) => void): Promise<void>;
  end(): void;
}

/**
 * Connects, once the machine has shown a key that is known. Refused as SSH_UNREACHABLE, SSH_HOST_UNKNOWN (with the
 * fingerprint), SSH_HOST_CHANGED or SSH_DENIED.
 */
export function openSsh(target: SshTarget): Promise<Result<SshSession>> {
  const { host, port, user, knownHosts } = target;
  const name = hostName(host, port);
  const client = new Client();
  let hostKey = Buffer.of();
  let doubt: Result<never> | undefined;
  const judge = (key: Buffer): boolean => {
    hostKey = Buffer.from(key);
    doubt = doubtOf(target, name, hostKey);
    return doubt === undefined;
  };
  return new Promise((resolve) => {
    client.on('error', (error) => {
      resolve(doubt ?? refusalOf(error, user));
    });
    client.once('close', () => resolve(doubt ?? refused('SSH_UNREACHABLE', 'It hung up.')));
    client.once('ready', () => {
      const isNewHost = judgeHostKey(knownHosts, name, hostKey) === 'unknown';
      resolve(accepted(sessionOf(client, { name, hostKey, isNewHost })));
    });
    // Where passwords are asked for by a dialogue (PAM), the same one answers.
    client.on('keyboard-interactive', (_name, _text, _language, prompts, answer) =>
      answer(prompts.map(() => target.password ?? '')),
    );
    try {
      client.connect({ ...settingsOf(target, name), hostVerifier: judge });
    } catch (error) {
      // A key that is none, or whose passphrase nobody gave: an ssh-agent asks for it.
      resolve(refused('SSH_DENIED', `${error instanceof Error ? error.message : String(error)}.`));
    }
  });
}

function refusalOf(error: Error, user: string): Result<never> {
  if ('level' in error && error.level === 'client-authentication')
    return refused('SSH_DENIED', `${user} was not let in.`);
  // Only the types that are known of it were asked for.
  if (error.message.includes('host key format'))
    return refused('SSH_HOST_CHANGED', 'It has no key of a type that is known of it.');
  return refused('SSH_UNREACHABLE', `${error.message}.`);
}

function settingsOf(target: SshTarget, name: string): ConnectConfig {
  const { host, port, user, privateKey, password, agentSocket, knownHosts } = target;
  const serverHostKey = knownTypes(knownHosts, name).flatMap(algorithmsOf);
  return {
    host,
    port,
    username: user,
    ...(privateKey && { privateKey: Buffer.from(privateKey) }),
    ...(password !== undefined && { password, tryKeyboard: true }),
    ...(agentSocket !== undefined && { agent: agentSocket }),
    readyTimeout: readyMs,
    keepaliveInterval: keepaliveMs,
    // Of a machine that is known, the key that is known is asked for: another type of it proves nothing.
    ...(serverHostKey.length > 0 && { algorithms: { serverHostKey } }),
  };
}

/** One RSA key signs in several ways (RFC 8332). */
function algorithmsOf(type: string): ServerHostKeyAlgorithm[] {
  if (type === 'ssh-rsa') return ['rsa-sha2-512', 'rsa-sha2-256'];
  const known: readonly ServerHostKeyAlgorithm[] = [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
  ];
  return known.filter((each) => each === type);
}

function doubtOf(
  { knownHosts, acceptedFingerprint }: SshTarget,
  name: string,
  key: Buffer,
): Result<never> | undefined {
  const fingerprint = fingerprintOf(key);
  const verdict = judgeHostKey(knownHosts, name, key);
  if (verdict === 'known') return undefined;
  if (verdict !== 'unknown')
    return refused('SSH_HOST_CHANGED', `It shows ${fingerprint}, which is ${verdict}.`);
  if (acceptedFingerprint === fingerprint) return undefined;
  return refused('SSH_HOST_UNKNOWN', `It shows ${fingerprint}.`);
}

function sessionOf(
  client: Client,
  about: { readonly name: string; readonly hostKey: Buffer; readonly isNewHost: boolean },
): SshSession {
  const { name, hostKey, isNewHost } = about;
  let sftp: Promise<SFTPWrapper> | undefined;
  const closed = new Promise<never>((_resolve, reject) => {
    client.once('close', () => reject(new FieldlineError('SSH_CONNECTION_LOST', { subject: name })));
  });
  closed.catch(() => undefined);
  return {
    hostKey,
    isNewHost,
    run: (command, stdin = '') => Promise.race([runCommand(client, command, stdin), closed]),
    upload: async (content, path, onBytes) => {
      sftp ??= openSftp(client);
      await Promise.race([uploadFile(await sftp, { content, path, onBytes }), closed]);
    },
    end: () => void client.end(),
  };
}

function runCommand(client: Client, command: string, stdin: string): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      let stdout = '';
      let stderr = '';
      channel.on('data', (text: Buffer) => (stdout = (stdout + text.toString()).slice(-outputBytesMax)));
      channel.stderr.on(
        'data',
        (text: Buffer) => (stderr = (stderr + text.toString()).slice(-outputBytesMax)),
      );
      let exitCode = -1;
      channel.on('exit', (code: number | null) => (exitCode = code ?? -1));
      channel.on('close', () => resolve({ exitCode, stdout, stderr }));
      channel.end(stdin);
    });
  });
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
  });
}

/** Bytes of one write: OpenSSH takes 256 KiB a message, and each waits for the one before. */
const partBytes = 128 * 1024;

function uploadFile(
  sftp: SFTPWrapper,
  about: {
    readonly content: Uint8Array;
    readonly path: string;
    readonly onBytes: (countBytes: number) => void;
  },
): Promise<void> {
  const { content, path, onBytes } = about;
  return new Promise((resolve, reject) => {
    const file = sftp.createWriteStream(path, { mode: 0o600 });
    file.on('error', reject);
    file.on('close', () => resolve());
    const writeFrom = (atBytes: number): void => {
      const part = content.subarray(atBytes, atBytes + partBytes);
      if (part.length === 0) {
        file.end();
        return;
      }
      file.write(part, (error) => {
        // A failed write is told by 'error' too: going on would say that bytes went which did not.
        if (error) return;
        try {
          onBytes(part.length);
        } catch (cause) {
          reject(cause instanceof Error ? cause : new Error(String(cause)));
          file.destroy();
          return;
        }
        writeFrom(atBytes + part.length);
      });
    };
    writeFrom(0);
  });
}
