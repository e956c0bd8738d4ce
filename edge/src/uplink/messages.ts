import { Command, Desired, FieldlineError, type CommandReply, type Reported } from '@fieldline/protocol';
import { Value } from 'typebox/value';

/** Commands by name; what a handler returns or throws goes into the reply. */
export type CommandHandlers = Readonly<Record<string, (args: unknown) => unknown>>;

/** Messages from the gateway above this are not looked at, in bytes. */
export const inboundMaxBytes = 256 * 1024;

/** The reply to a command, or undefined where the message has no id to reply to. */
export function answerCommand(payload: Uint8Array, handlers: CommandHandlers): CommandReply | undefined {
  const message = parseJson(payload);
  if (!Value.Check(Command, message)) return undefined;
  const { id, name, args } = message;
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler === undefined) {
    const detail = `Known are: ${Object.keys(handlers).join(', ')}.`;
    return {
      id,
      ok: false,
      error: new FieldlineError('UPLINK_COMMAND_UNKNOWN', { subject: name, detail }).message,
    };
  }
  try {
    return { id, ok: true, result: handler(args) };
  } catch (cause) {
    return { id, ok: false, error: cause instanceof Error ? cause.message : String(cause) };
  }
}

/**
 * The answer to a desired configuration: rejected, since this version runs its local file only. Undefined
 * where the message has no version to answer.
 */
export function answerDesired(payload: Uint8Array, localConfig: unknown): Reported | undefined {
  const message = parseJson(payload);
  if (!Value.Check(Desired, message)) return undefined;
  const error = new FieldlineError('UPLINK_REMOTE_CONFIG_UNSERVED', {
    subject: `version ${message.version}`,
  });
  return {
    version: message.version,
    state: 'rejected',
    errors: [{ path: '', reason: error.message }],
    config: localConfig,
  };
}

function parseJson(payload: Uint8Array): unknown {
  if (payload.length > inboundMaxBytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
