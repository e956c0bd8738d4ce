import type { AboutAnswer } from '@fieldline/protocol';

/** Where devices deliver to a gateway that a browser knows as `host`: over TLS first, and only where it listens. */
export function deviceAddresses(host: string, { mqtts, mqtt }: AboutAnswer['ports']): string[] {
  return [
    ...(mqtts === null ? [] : [`mqtts://${host}:${mqtts}`]),
    ...(mqtt === null ? [] : [`mqtt://${host}:${mqtt}`]),
  ];
}

/** Whether an address leads a device to itself: to its own loopback, or nowhere. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?|)$/i.test(host) || host.endsWith('.localhost');
}
