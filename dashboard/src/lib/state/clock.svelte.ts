/**
 * The gateway's time on this screen. The browser's own clock may be wrong by hours: ages and moving charts are
 * reckoned from what the gateway says the time is.
 */
export class Clock {
  /** Microseconds, refreshed once a second: for ages such as “12 s ago”. */
  nowUs = $state(Date.now() * 1000);
  #offsetUs = 0;

  /** Microseconds at this very moment. */
  exactNowUs(): number {
    return (performance.timeOrigin + performance.now()) * 1000 + this.#offsetUs;
  }

  /** Takes over the gateway's time. */
  synchronize(gatewayNowUs: number): void {
    this.#offsetUs = gatewayNowUs - (performance.timeOrigin + performance.now()) * 1000;
    this.nowUs = gatewayNowUs;
  }

  /** Ticks until the returned function is called. */
  start(): () => void {
    const timer = setInterval(() => (this.nowUs = this.exactNowUs()), 1000);
    return () => clearInterval(timer);
  }
}
