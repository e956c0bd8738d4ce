import { CommandReply, Reported, refused, accepted, Status, type Result } from '@fieldline/protocol';
import { Compile } from 'typebox/compile';

const statusShape = Compile(Status);
const reportedShape = Compile(Reported);
const replyShape = Compile(CommandReply);

/** What a device may say of itself beside batches. */
export type DeviceMessage =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'config/reported'; readonly reported: Reported }
  | { readonly kind: 'command/reply'; readonly reply: CommandReply };

/** Longest JSON of these messages: a configuration with every key is a few kilobytes. */
export const deviceMessageBytesMax = 256 * 1024;

/** Reads the JSON of a device's message; refused as STATUS_INVALID with the first thing that is wrong. */
export function readDeviceMessage(kind: DeviceMessage['kind'], payload: Uint8Array): Result<DeviceMessage> {
  if (payload.byteLength > deviceMessageBytesMax) {
    return refused('STATUS_INVALID', `${payload.byteLength} bytes; at most ${deviceMessageBytesMax}.`);
  }
  const json = parseJson(payload);
  if (json === undefined) return refused('STATUS_INVALID', 'It is not JSON.');
  if (kind === 'status' && statusShape.Check(json)) return accepted({ kind, status: json });
  if (kind === 'config/reported' && reportedShape.Check(json)) return accepted({ kind, reported: json });
  if (kind === 'command/reply' && replyShape.Check(json)) return accepted({ kind, reply: json });
  return refused('STATUS_INVALID', firstError(kind, json));
}

/** Whether this is a status message. */
export function isStatus(value: unknown): value is Status {
  return statusShape.Check(value);
}

/** Whether this is a reported configuration. */
export function isReported(value: unknown): value is Reported {
  return reportedShape.Check(value);
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
}

function firstError(kind: DeviceMessage['kind'], json: unknown): string {
  const shape = { status: statusShape, 'config/reported': reportedShape, 'command/reply': replyShape }[kind];
  const [error] = shape.Errors(json);
  return error ? `${error.instancePath || '/'} ${error.message}.` : '';
}
