import { expect, test } from 'vitest';
import { PhaseLine, size } from './phase-line.ts';

test('a phase says how far it is, how fast, and how long it takes', () => {
  let nowMs = 0;
  const line = new PhaseLine(() => nowMs);
  expect(line.text({ phase: 'write', bytes: 0, total: undefined })).toBe('Writing the image');
  nowMs = 10_000;
  expect(line.text({ phase: 'write', bytes: 430e6, total: 2_000e6 })).toBe(
    'Writing the image  430 MB of 2.0 GB  43 MB/s  37 s left',
  );
  expect(line.text({ phase: 'write', bytes: 430e6, total: undefined })).toBe(
    'Writing the image  430 MB  43 MB/s',
  );
  expect(line.text({ phase: 'verify', bytes: 1, total: 2 })).toBe('Reading back  1 B of 2 B');
});

test('a phase that goes on counts its rate from where it was', () => {
  let nowMs = 0;
  const line = new PhaseLine(() => nowMs);
  line.text({ phase: 'inject', bytes: 0, total: undefined });
  line.text({ phase: 'write', bytes: 500e6, total: undefined });
  nowMs = 10_000;
  expect(line.text({ phase: 'write', bytes: 700e6, total: 900e6 })).toBe(
    'Writing the image  700 MB of 900 MB  20 MB/s  10 s left',
  );
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [31_914_983_424, '32 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
