import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runFieldline, type CommandOutcome } from '../../services/run-fieldline.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-bad-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Nothing on standard output, one message with this code on standard error, and no stack. */
function expectOneMessage({ stdout, stderr }: CommandOutcome, code: string): void {
  expect(stdout).toBe('');
  expect(stderr.match(/\[[A-Z_]+\]/g)).toEqual([`[${code}]`]);
  expect(stderr).toMatch(/^fieldline: /);
  expect(stderr).not.toMatch(/\n\s+at |node:internal/);
}

describe('what the command line does not understand', () => {
  test.concurrent.each([
    ['an unknown command', ['agnet'], /agnet: .*did you mean agent\?/],
    ['an unknown command below another', ['device', 'sho'], /sho: .*did you mean show\?/],
    ['an unknown flag', ['gateway', '--htp-port', '0'], /--htp-port: .*did you mean --http-port\?/],
    ['a flag of the wrong kind', ['query', 'a/b/c', '--points', 'many'], /--points many: .*whole number/],
    ['a missing argument', ['query', '--json'], /STREAM: .*missing/],
    ['a time that is none', ['query', 'a/b/c', '--from', 'noon'], /--from noon: .*2026-11-23T/],
    ['an address that is none', ['ledger', '--gateway', 'nowhere'], /--gateway nowhere: .*http:/],
    ['no configuration', ['agent'], /--config: /],
  ])('%s is told with the remedy, and ends with 2', async (_name, words, message) => {
    const outcome = await runFieldline(words);
    expectOneMessage(outcome, 'CLI_USAGE');
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toContain('--help');
    expect(outcome.exitCode).toBe(2);
  });
});

const sound = 'device: porch\ngateway: { url: "mqtt://127.0.0.1:9", password: x }\ndataDir: ./data\n';
const sensor = 'sensors:\n  - { id: air, driver: thermometer, port: /dev/none }\n';

describe('a configuration file', () => {
  test.concurrent.each([
    ['agent', 'that is not there', undefined, 'CONFIG_UNREADABLE', /ENOENT.*\.yaml/],
    ['gateway', 'that is not there', undefined, 'CONFIG_UNREADABLE', /ENOENT.*\.yaml/],
    ['agent', 'that is empty', '', 'CONFIG_INVALID_VALUE', /It is empty/],
    ['agent', 'that is not YAML', 'device: [1,\nx: y\n', 'CONFIG_NOT_YAML', /\.yaml:2:1/],
    ['gateway', 'that is not YAML', 'http: [1,\nx: y\n', 'CONFIG_NOT_YAML', /\.yaml:2:1/],
    [
      'agent',
      'with an unknown key',
      sound.replace('gateway', 'gatway') + sensor,
      'CONFIG_UNKNOWN_KEY',
      /\.yaml:2:9 gatway: .*did you mean "gateway"\?/,
    ],
    ['gateway', 'with an unknown key', 'http: { prot: 1 }\n', 'CONFIG_UNKNOWN_KEY', /http\.prot: .*"port"\?/],
    ['gateway', 'with a bad value', 'http: { port: 70000 }\n', 'CONFIG_INVALID_VALUE', /http\.port: .*65535/],
    [
      'gateway',
      'with a store that is no URL',
      'influxdb: { url: nonsense }\n',
      'CONFIG_INVALID_VALUE',
      /influxdb\.url: .*"nonsense".*FIELDLINE_INFLUX_URL.*http:\/\/127/,
    ],
  ])('of %s %s ends with 2 and names the place', async (command, name, content, code, message) => {
    const path = join(folder, `${command}-${name.replaceAll(' ', '-')}.yaml`);
    if (content !== undefined) writeFileSync(path, content);
    const outcome = await runFieldline([command, '--config', path, '--json'], { FIELDLINE_INFLUX_URL: '' });
    expectOneMessage(outcome, code);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.exitCode).toBe(2);
  });

  test.concurrent('with a misspelt key tells that fault alone, on one line', async () => {
    const path = file('once.yaml', sound.replace('gateway', 'gatway') + sensor);
    const { stderr } = await runFieldline(['agent', '--config', path]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(path);
  });
});

describe('a place that cannot be used', () => {
  test.concurrent.each([
    ['gateway', ['gateway', '--home', '/dev/null/home'], 'HOME_UNUSABLE', '/dev/null/home'],
    [
      'gateway, where Node would try for ever',
      ['gateway', '--home', '/proc/home'],
      'HOME_UNUSABLE',
      '/proc/home',
    ],
  ])('as the home of a %s ends with 1', async (_name, words, code, place) => {
    const outcome = await runFieldline([...words, '--http-port', '0', '--mqtt-port', '0', '--json']);
    expectOneMessage(outcome, code);
    expect(outcome.stderr).toContain(place);
    expect(outcome.exitCode).toBe(1);
  });

  test.concurrent('as the data directory of an agent ends with 1', async () => {
    const path = file('place.yaml', sound.replace('./data', '/dev/null') + sensor);
    const outcome = await runFieldline(['agent', '--config', path, '--json']);
    expectOneMessage(outcome, 'JOURNAL_OPEN_FAILED');
    expect(outcome.stderr).toContain('/dev/null/outbox');
    expect(outcome.exitCode).toBe(1);
  });
});

test('a gateway that is not there ends with 1 and says why', async () => {
  const outcome = await runFieldline(['ledger', '--gateway', 'http://127.0.0.1:1', '--json']);
  expectOneMessage(outcome, 'CLI_GATEWAY_UNREACHABLE');
  expect(outcome.stderr).toContain('http://127.0.0.1:1/');
  expect(outcome.exitCode).toBe(1);
});
