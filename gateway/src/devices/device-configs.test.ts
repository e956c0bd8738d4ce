import type { Reported } from '@fieldline/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { answerWithinUs, DeviceConfigs } from './device-configs.ts';

let nowUs: number;
let desired: string | null;
let reported: Reported | null;
let configs: DeviceConfigs;

beforeEach(() => {
  nowUs = 1e15;
  desired = null;
  reported = null;
  const records = {
    desired: () => desired,
    reported: () => reported,
    setDesired: (_device: string, json: string) => void (desired = json),
  };
  configs = new DeviceConfigs(records, { nowUs: () => nowUs });
});

const config = { flush: '1s', sensors: [] };
const sent = (): { version: number; config: unknown } =>
  JSON.parse(desired ?? 'null') as { version: number; config: unknown };

/** The state by both ways of asking for it. */
function stateOf(device: string): string {
  const { state } = configs.get(device);
  expect(configs.state(device)).toBe(state);
  return state;
}

describe('a desired configuration', () => {
  test('is numbered, and changed only from its newest version', () => {
    expect(configs.set('a-1', config, 0)).toEqual({ ok: true, version: 1 });
    expect(configs.set('a-1', { flush: '2s' }, 0)).toMatchObject({
      ok: false,
      current: { desired: { version: 1, config } },
    });
    expect(sent()).toEqual({ version: 1, config });
    expect(configs.set('a-1', { flush: '2s' }, 1)).toEqual({ ok: true, version: 2 });
    expect(configs.set('a-1', { flush: '3s' }, undefined)).toEqual({ ok: true, version: 3 });
  });

  test('goes on counting where a device has seen a higher version, from a gateway that lost its memory', () => {
    reported = { version: 41, state: 'applied', errors: [], config };
    expect(configs.set('a-1', config, 0)).toEqual({ ok: true, version: 42 });
  });

  test('shows no password, and keeps one that is left out while the address is the same', () => {
    const gateway = { url: 'mqtt://other', password: 'new' };
    configs.set('a-1', { ...config, gateway }, 0);
    expect(JSON.stringify(configs.get('a-1'))).not.toContain('new');
    configs.set('a-1', { flush: '9s', gateway: { url: 'mqtt://other' } }, 1);
    expect(sent().config).toEqual({ flush: '9s', gateway });
    configs.set('a-1', { gateway: { url: 'mqtt://third' } }, 2);
    expect(sent().config).toEqual({ gateway: { url: 'mqtt://third' } });
  });

  test('waits, is delivered, times out, and is what the device answers', () => {
    expect(stateOf('a-1')).toBe('none');
    configs.set('a-1', config, 0);
    expect(stateOf('a-1')).toBe('waiting');
    configs.listening('a-1');
    expect(stateOf('a-1')).toBe('delivered');
    nowUs += answerWithinUs + 1;
    expect(stateOf('a-1')).toBe('timed-out');
    for (const state of ['applied', 'rejected', 'rolled-back'] as const) {
      reported = { version: 1, state, errors: [], config };
      expect(stateOf('a-1')).toBe(state);
    }
    configs.set('a-1', config, 1);
    expect(stateOf('a-1')).toBe('delivered');
    configs.left('a-1');
    configs.set('a-1', config, 2);
    expect(stateOf('a-1')).toBe('waiting');
  });
});
