import { Command, Desired, FieldlineError, type CommandReply } from '@fieldline/protocol';
import { Value } from 'typebox/value';

/** Commands by name; what a handler returns, resolves to or throws goes into the reply. */
export type CommandHandlers = Readonly<Record<string, (args: unknown) => unknown>>;

/** Messages from the gateway above this are not looked at, in bytes. */
export const inboundMaxBytes = 256 * 1024;

/** The reply to a command, or undefined where the message has no id to reply to. */
export async function answerCommand(
  payload: Uint8Array,
  handlers: CommandHandlers,
): Promise<CommandReply | undefined> {
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
    return { id, ok: true, result: await handler(args) };
  } catch (cause) {
    return { id, ok: false, error: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** The desired configuration that a message carries; undefined where it is not of the documented shape. */
export function readDesiredMessage(payload: Uint8Array): Desired | undefined {
  const message = parseJson(payload);
  return Value.Check(Desired, message) ? message : undefined;
}

function parseJson(payload: Uint8Array): unknown {
  if (payload.length > inboundMaxBytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
