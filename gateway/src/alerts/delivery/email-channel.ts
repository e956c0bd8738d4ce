import { createTransport } from 'nodemailer';
import { failedAttempt, type AlertNotice, type Channel, type SendOutcome } from './channel.ts';

/** A mail account of the gateway's file. */
export interface EmailSettings {
  /** `smtp://HOST:PORT` (STARTTLS where offered) or `smtps://HOST:PORT`. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

/** Longest time of one step of the SMTP dialogue. */
const stepMs = 10_000;

/** Sends the notice as a plain text mail over SMTP. A repetition carries the same Message-ID (RFC 5322, 3.6.4). */
export function emailChannel(settings: EmailSettings): Channel {
  const { hostname, port, protocol } = new URL(settings.url);
  const isTls = protocol === 'smtps:';
  const { username, password } = settings;
  const transport = createTransport({
    host: hostname,
    port: port === '' ? (isTls ? 465 : 25) : Number(port),
    secure: isTls,
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    // Neither a file nor an address may become a part of a mail.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    kind: 'email',
    target: settings.to.join(', '),
    send: async (notice, signal) => {
      try {
        await within(transport.sendMail(mailOf(settings, notice)), signal);
        return { kind: 'ok', detail: 'accepted' };
      } catch (error) {
        return outcomeOf(error, signal);
      }
    },
  };
}

function mailOf({ from, to }: EmailSettings, { delivery, event, alert, remedy }: AlertNotice) {
  const time = (us: number | null): string => (us === null ? '–' : new Date(us / 1000).toISOString());
  const lines = [
    alert.message,
    '',
    `Rule      ${alert.name} (${alert.rule})`,
    `Severity  ${alert.severity}`,
    `Since     ${time(alert.sinceUs)}`,
    ...(alert.resolvedAtUs === null ? [] : [`Over      ${time(alert.resolvedAtUs)}`]),
    ...(alert.late ? ['', 'Found in readings that came late: it tells of the past.'] : []),
    ...(remedy === null ? [] : ['', remedy]),
  ];
  const word = event === 'resolved' ? 'Over' : event === 'test' ? 'Test' : 'Alert';
  return {
    from,
    to: [...to],
    subject: `[${word}] ${alert.name}: ${alert.subject}`,
    text: lines.join('\n'),
    messageId: `<fieldline-${alert.id}-${delivery}-${alert.sinceUs}@fieldline.invalid>`,
  };
}

/** What the server answered for good (RFC 5321, 4.2.1: 5yz) is not tried again. */
function outcomeOf(error: unknown, signal: AbortSignal): SendOutcome {
  const code = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : undefined;
  if (code === undefined) return failedAttempt(error, signal);
  return { kind: code >= 500 ? 'refused' : 'retryable', detail: `SMTP ${code}` };
}

/** Gives up waiting when the time is over: the library itself ends the dialogue by its own timeouts. */
function within<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
    work.then(resolve, reject);
  });
}
