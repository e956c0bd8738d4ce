import { parseTopic, type ErrorCode } from '@fieldline/protocol';

/** A PUBLISH as the rules see it. */
export interface PublishRequest {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** What the rules say of a PUBLISH; `detail` is a sentence for people. */
export type PublishJudgement =
  | { readonly kind: 'batch' }
  | { readonly kind: 'message'; readonly message: 'status' | 'config/reported' | 'command/reply' }
  | { readonly kind: 'denied'; readonly code: ErrorCode; readonly detail: string };

/**
 * What a device may publish: its own batch, status, config/reported and command/reply, nothing else; so that
 * `$SYS`, other devices' topics and topics with control characters are all denied by the same rule. A batch
 * goes with QoS 1, not retained: only its PUBACK says that it is durable.
 */
export function judgePublish(device: string, { topic, qos, retain }: PublishRequest): PublishJudgement {
  const parsed = parseTopic(topic);
  if (parsed?.device !== device) return denied('TOPIC_DENIED', quote(topic));
  switch (parsed.kind) {
    case 'batch':
      if (qos !== 1) return denied('BATCH_QOS_DENIED', `It came with QoS ${qos}.`);
      return retain ? denied('BATCH_RETAIN_DENIED', quote(topic)) : { kind: 'batch' };
    case 'status':
    case 'config/reported':
    case 'command/reply':
      return { kind: 'message', message: parsed.kind };
    default:
      return denied('TOPIC_DENIED', quote(topic));
  }
}

/** What a device may subscribe to: exactly its own config/desired and command, without wildcards. */
export function maySubscribe(device: string, filter: string): boolean {
  const parsed = parseTopic(filter);
  return parsed?.device === device && (parsed.kind === 'config/desired' || parsed.kind === 'command');
}

/** Longest part of a topic that is quoted in a message. */
const quotedCharsMax = 100;

/** A name in a form that is safe to print, whatever a peer put into it. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > quotedCharsMax ? `${name.slice(0, quotedCharsMax)}…` : name);
}

/** A topic as a sentence, safe to print likewise. */
export function quote(topic: string): string {
  return `${quoteName(topic)}.`;
}

function denied(code: ErrorCode, detail: string): PublishJudgement {
  return { kind: 'denied', code, detail };
}
