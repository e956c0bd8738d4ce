const loopback = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;

/** Whether only this machine can reach a listener on this host. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}
