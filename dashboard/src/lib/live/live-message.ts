import type { LiveMessage } from '@fieldline/protocol';

/** What each kind of message must hold for the rest of the dashboard to rely on it. */
const lists: Readonly<Record<string, readonly string[]>> = {
  snapshot: ['devices', 'streams'],
  delta: ['readings', 'windows', 'gaps'],
  device: [],
  lagging: [],
};

/** Reads one frame of the live socket; undefined where it is none, so that a newer gateway breaks nothing. */
export function parseLiveMessage(text: string): LiveMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isLiveMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLiveMessage(value: unknown): value is LiveMessage {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('seq' in value)) return false;
  if (typeof value.type !== 'string' || typeof value.seq !== 'number') return false;
  const wanted = Object.hasOwn(lists, value.type) ? lists[value.type] : undefined;
  return wanted?.every((key) => Array.isArray(Reflect.get(value, key))) ?? false;
}
