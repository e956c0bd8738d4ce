/** The first levels of every topic of version 1. */
export const topicPrefix = 'fieldline/v1/';

/** What a topic of a device carries; the same words as its last levels. */
export type TopicKind =
  'batch' | 'status' | 'config/desired' | 'config/reported' | 'command' | 'command/reply';

const topicKinds: ReadonlySet<string> = new Set<TopicKind>([
  'batch',
  'status',
  'config/desired',
  'config/reported',
  'command',
  'command/reply',
]);

const devicePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Says whether `text` is a device id: `[a-z0-9][a-z0-9-]{0,62}`. */
export function isDeviceId(text: string): boolean {
  return devicePattern.test(text);
}

/** `fieldline/v1/{device}/batch`: device to gateway, QoS 1, not retained. */
export function batchTopic(device: string): string {
  return `${topicPrefix}${device}/batch`;
}

/** `fieldline/v1/{device}/status`: device to gateway, QoS 1, retained; also the topic of the last will. */
export function statusTopic(device: string): string {
  return `${topicPrefix}${device}/status`;
}

/** `fieldline/v1/{device}/config/desired`: gateway to device, QoS 1, retained. */
export function desiredTopic(device: string): string {
  return `${topicPrefix}${device}/config/desired`;
}

/** `fieldline/v1/{device}/config/reported`: device to gateway, QoS 1, retained. */
export function reportedTopic(device: string): string {
  return `${topicPrefix}${device}/config/reported`;
}

/** `fieldline/v1/{device}/command`: gateway to device, QoS 1, not retained. */
export function commandTopic(device: string): string {
  return `${topicPrefix}${device}/command`;
}

/** `fieldline/v1/{device}/command/reply`: device to gateway, QoS 1, not retained. */
export function replyTopic(device: string): string {
  return `${topicPrefix}${device}/command/reply`;
}

/**
 * Splits a topic into device and kind; undefined for every topic that is not exactly one of the six above
 * (wildcards, further levels and invalid device ids among them).
 */
export function parseTopic(topic: string): { device: string; kind: TopicKind } | undefined {
  if (!topic.startsWith(topicPrefix)) return undefined;
  const slash = topic.indexOf('/', topicPrefix.length);
  if (slash < 0) return undefined;
  const device = topic.slice(topicPrefix.length, slash);
  const kind = topic.slice(slash + 1);
  if (!isTopicKind(kind) || !isDeviceId(device)) return undefined;
  return { device, kind };
}

function isTopicKind(text: string): text is TopicKind {
  return topicKinds.has(text);
}
