import { describe, expect, it } from 'vitest';
import { silentLogger } from '../logger.ts';
import { Watchdog } from './watchdog.ts';

const watched = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000000' };

function begin(environment: Record<string, string>): {
  watchdog: Watchdog;
  told: string[];
  warnings: string[];
  answer: (error: Error | null) => void;
} {
  const told: string[] = [];
  const warnings: string[] = [];
  let waiting: (error: Error | null) => void = () => undefined;
  const logger = { ...silentLogger, warn: (_about: object, message: string) => void warnings.push(message) };
  const watchdog = new Watchdog({
    environment,
    logger,
    notify: (message, done) => {
      told.push(message);
      waiting = done;
    },
  });
  return { watchdog, told, warnings, answer: (error) => waiting(error) };
}

describe('the watchdog of systemd', () => {
  it('is fed by passes of the sampling path, three times a period', () => {
    const { watchdog, told, answer } = begin(watched);
    for (let ms = 0; ms <= 60_000; ms += 1000) {
      watchdog.progress(ms);
      answer(null);
    }
    expect(told).toEqual(['READY=1 WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
  });

  it('is not fed where nobody watches; that the agent has started is said once', () => {
    const { watchdog, told, answer } = begin({ NOTIFY_SOCKET: '/run/systemd/notify' });
    for (let ms = 0; ms <= 60_000; ms += 1000) {
      watchdog.progress(ms);
      answer(null);
    }
    expect(told).toEqual(['READY=1 WATCHDOG=1']);
  });

  it('is left alone where no systemd listens', () => {
    const { watchdog, told } = begin({ WATCHDOG_USEC: '60000000' });
    watchdog.progress(0);
    expect(told).toEqual([]);
  });

  it('hears again that the agent has started where it did not hear it the first time', () => {
    const { watchdog, told, answer } = begin(watched);
    watchdog.progress(0);
    answer(new Error('took too long'));
    watchdog.progress(1000);
    answer(null);
    watchdog.progress(21_000);
    expect(told).toEqual(['READY=1 WATCHDOG=1', 'READY=1 WATCHDOG=1', 'WATCHDOG=1']);
  });

  it('waits for a feed that is under way, and says once where feeding fails', () => {
    const { watchdog, told, warnings, answer } = begin(watched);
    watchdog.progress(0);
    watchdog.progress(30_000);
    expect(told).toHaveLength(1);
    for (const ms of [60_000, 90_000]) {
      answer(new Error('no such program'));
      watchdog.progress(ms);
    }
    expect([told.length, warnings.length]).toEqual([3, 1]);
  });
});
