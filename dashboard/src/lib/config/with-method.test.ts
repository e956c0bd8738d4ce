import { describe, expect, test } from 'vitest';
import { methodKeys, withKeys } from './with-method.ts';

const place = { index: 0, quantity: 'temperature' };

describe('a proposal in a configuration', () => {
  test('sets the window of one stream, and leaves the given configuration alone', () => {
    const config = { sensors: [{ id: 'air', window: '5s' }] };
    const keys = methodKeys(config, place, { method: 'window', setting: '30s' });
    expect(withKeys(config, keys)).toEqual({
      sensors: [{ id: 'air', window: '5s', streams: { temperature: { window: '30s' } } }],
    });
    expect(config).toEqual({ sensors: [{ id: 'air', window: '5s' }] });
  });

  test('puts a deviation in the place of another, behind the stages that stay', () => {
    const transforms = [{ range: { min: 0 } }, { deadband: { absolute: 1 } }];
    const config = { sensors: [{ id: 'air', streams: { temperature: { transforms } } }] };
    const keys = methodKeys(config, place, { method: 'swinging-door', setting: 0.2 });
    expect(withKeys(config, keys)).toEqual({
      sensors: [
        {
          id: 'air',
          streams: {
            temperature: {
              window: 'none',
              transforms: [{ range: { min: 0 } }, { 'swinging-door': { deviation: 0.2 } }],
            },
          },
        },
      ],
    });
  });
});
