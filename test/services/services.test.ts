import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { mosquittoProgram, mosquittoPub, mosquittoSub, startMosquitto } from './mosquitto.ts';
import { requireProgram } from './skips.ts';

describe('requireProgram', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('finds a program by name and by path', () => {
    expect(requireProgram('node', ['node'], 'x')).toMatchObject({ missing: false });
    expect(requireProgram('node', ['/nowhere/node', process.execPath], 'x').path).toBe(process.execPath);
  });

  test('notes a missing program for the summary, and fails where its path is used', () => {
    const directory = mkdtempSync(join(tmpdir(), 'fieldline-skips-'));
    const notes = join(directory, 'skips');
    vi.stubEnv('FIELDLINE_SKIPS_FILE', notes);
    vi.stubEnv('FIELDLINE_REQUIRE_SERVICES', '');
    const program = requireProgram('no-such', ['no-such-program'], 'apt-get install no-such');
    expect(program.missing).toBe(true);
    expect(() => program.path).toThrow('apt-get install no-such');
    expect(JSON.parse(readFileSync(notes, 'utf8'))).toEqual({
      program: 'no-such',
      install: 'apt-get install no-such',
      testFile: import.meta.filename,
    });
    rmSync(directory, { recursive: true });
  });

  test('refuses a missing program where services are required', () => {
    vi.stubEnv('FIELDLINE_REQUIRE_SERVICES', '1');
    expect(() => requireProgram('no-such', ['no-such-program'], 'apt-get install no-such')).toThrow(
      'no-such is not installed; install it with: apt-get install no-such',
    );
  });
});

describe.skipIf(mosquittoProgram.missing || mosquittoPub.missing || mosquittoSub.missing)('mosquitto', () => {
  test('carries a message between its own clients', async () => {
    const broker = await startMosquitto();
    try {
      const at = ['-h', '127.0.0.1', '-p', String(broker.port), '-t', 'proof'];
      execFileSync(mosquittoPub.path, [...at, '-r', '-m', 'heard']);
      const subscriber = spawn(mosquittoSub.path, [...at, '-C', '1']);
      const [heard] = await once(subscriber.stdout, 'data');
      expect(String(heard)).toBe('heard\n');
    } finally {
      await broker.stop();
    }
  });
});
