import { describe, expect, test } from 'vitest';
import { indexedPath, parseText, rangeOfPath, setInText, toText } from './config-text.ts';

const text = `# greenhouse
flush: 1s # often
sensors:
  - id: air
    window: 10s
  - id: soil
`;

describe('the text of a configuration', () => {
  test('is read as it was written', () => {
    const config = { flush: '1s', sensors: [{ id: 'air', window: 'none', on: true }] };
    expect(parseText(toText(config))).toEqual({ ok: true, config });
    expect(parseText('')).toEqual({ ok: true, config: {} });
  });

  test('is wrong where an alias names nothing', () => {
    expect(parseText('flush: *often')).toMatchObject({
      ok: false,
      problems: [{ reason: expect.stringContaining('often') }],
    });
  });

  test('keeps its comments when a value changes', () => {
    const changed = setInText(text, ['sensors', 0, 'window'], '30s');
    expect(changed).toBe(text.replace('10s', '30s'));
    expect(setInText(text, ['sensors', 1, 'streams', 'temperature', 'window'], '5s')).toContain(
      'streams:\n      temperature:\n        window: 5s',
    );
  });

  test('begins with its first key', () => {
    expect(setInText('', ['outbox', 'maxAge'], '1d')).toBe('outbox:\n  maxAge: 1d\n');
  });

  test('loses a key, and the mappings that this leaves empty', () => {
    const nested = setInText(text, ['outbox', 'maxAge'], '1d');
    expect(setInText(nested, ['outbox', 'maxAge'], undefined)).toBe(text);
  });

  test('that is no YAML says where, and is not touched', () => {
    const broken = 'sensors: [';
    expect(parseText(broken)).toMatchObject({
      ok: false,
      problems: [{ from: expect.any(Number) as number }],
    });
    expect(parseText('- a')).toMatchObject({ ok: false });
    expect(setInText(broken, ['flush'], '2s')).toBe(broken);
  });

  test('has a place for each path, or for what stands above it', () => {
    const at = (path: string) => text.slice(...rangeOfPath(text, path));
    expect(at('sensors[0].window')).toBe('10s');
    expect(at('sensors[1].baudRate')).toContain('soil');
    expect(at('nothing')).toBe('# greenhouse');
  });
});

test('a path by ids becomes one by indexes', () => {
  const config = { sensors: [{ id: 'air' }, { id: 'soil' }] };
  expect(indexedPath(config, ['sensors', 'soil', 'window'])).toEqual(['sensors', 1, 'window']);
});
