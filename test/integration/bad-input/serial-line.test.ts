import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandTopic, replyTopic, type CommandReply, type LedgerAnswer } from '@fieldline/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestBroker } from '../../../edge/src/testing/test-broker.ts';
import { runFieldline } from '../../services/run-fieldline.ts';
import { eventually } from '../../services/wait.ts';
import { startGatewayView, type GatewayView } from './gateway-view.ts';
import { startProcess } from './running-process.ts';
import { recordedEpochs, startScriptedAgent, type ScriptedAgent } from './scripted-agent.ts';

/** Bytes of a wrong baud rate, words, values that are none; and at last a good line. */
const badLines = '\u0081\u0092\u00ff\r\nhello\r\nnan\r\n1e309\r\n';
/** A sentence of which one digit was changed on the way. */
const wrongSentence = '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*00\r\n';

function sayEverything(agent: ScriptedAgent): void {
  agent.sayAir(`${badLines}21.5\r\n`);
  agent.sayFix(`${wrongSentence}${recordedEpochs(3)}`);
}

describe('through a gateway', () => {
  let gateway: GatewayView;
  let agent: ScriptedAgent;

  beforeAll(async () => {
    gateway = await startGatewayView();
    const password = await gateway.addDevice('bench-1');
    agent = await startScriptedAgent({ device: 'bench-1', mqtt: gateway.ready.mqtt, password });
    sayEverything(agent);
  });
  afterAll(async () => {
    await agent.end();
    await gateway.end();
  });

  async function row(stream: string): Promise<LedgerAnswer['devices'][number]['streams'][number]> {
    return eventually(`${stream} stored`, async () => {
      const words = ['ledger', 'bench-1', '--gateway', gateway.ready.dashboard, '--json'];
      const { stdout, exitCode } = await runFieldline(words);
      const answer = JSON.parse(stdout) as LedgerAnswer;
      const found = answer.devices[0]?.streams.find((each) => each.stream === stream);
      return exitCode === 0 && found && found.stored > 0 && found.underWay === 0 ? found : undefined;
    });
  }

  test('garbage is told once, values that are none are filtered, and the good line is stored', async () => {
    const line = await agent.process.told('SOURCE_GARBAGE', 'air: ');
    expect(line.msg).toMatch(/not-text.*baud rate/);
    expect(await row('bench-1/air/temperature')).toMatchObject({
      taken: 3,
      filtered: 2,
      stored: 1,
      unaccounted: 0,
    });
  });

  test('a sentence with a wrong checksum is told once, and the fixes behind it are stored', async () => {
    const line = await agent.process.told('SOURCE_GARBAGE', 'fix: ');
    expect(line.msg).toContain('bad-checksum');
    const { taken, stored } = await row('bench-1/fix/lat');
    expect(taken).toBe(stored);
  });

  test('a port that another agent reads is told with its name, and the first goes on reading', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldline-second-'));
    const configPath = join(folder, 'agent.yaml');
    const file = readFileSync(agent.configPath, 'utf8').replace('bench-1', 'bench-2');
    writeFileSync(configPath, file);
    const second = await startProcess(['agent', '--config', configPath]);
    const { msg } = await second.told('SOURCE_PORT_BUSY', agent.airPort);
    expect(msg).toContain('fuser');
    // Its password is that of another device: told too, and the gateway counts it.
    await second.told('UPLINK_REFUSED', gateway.ready.mqtt);
    await gateway.process.told('CREDENTIAL_REFUSED', 'bench-2');
    expect(
      await gateway.counter('fieldline_mqtt_refused_total', 'code="CREDENTIAL_REFUSED"'),
    ).toBeGreaterThan(0);
    expect(await second.end('SIGINT')).toBe(130);
    const before = (await row('bench-1/air/temperature')).stored;
    rmSync(folder, { recursive: true });
    agent.sayAir('22.5\r\n');
    await eventually('the next reading', async () =>
      (await row('bench-1/air/temperature')).stored > before ? true : undefined,
    );
  });

  test('a second agent on the same data directory ends with 1 and names the first', async () => {
    const { exitCode, stdout, stderr } = await runFieldline([
      'agent',
      '--config',
      agent.configPath,
      '--json',
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/outbox.*Process \d+ holds it.*\[JOURNAL_LOCKED\]/);
  });
});

test('the command stats counts what was discarded, by reason', async () => {
  const broker = await TestBroker.start();
  const agent = await startScriptedAgent({ device: 'bench-1', mqtt: broker.url, password: 'secret' });
  sayEverything(agent);
  await eventually('batches with the good readings', () => (broker.batches.length > 1 ? true : undefined));
  const stats = await eventually('all discarded frames in stats', () => {
    broker.publish(commandTopic('bench-1'), { id: 'ask', name: 'stats', args: {} });
    const reply = broker.last(replyTopic('bench-1')) as CommandReply | undefined;
    const { sensors } = (reply?.ok ? reply.result : { sensors: {} }) as {
      sensors: Record<string, { discarded: Record<string, { frames: number }> }>;
    };
    return sensors['fix']?.discarded['bad-checksum'] && sensors['air']?.discarded['no-temperature']
      ? sensors
      : undefined;
  });
  expect(stats['air']?.discarded).toMatchObject({
    'not-text': { frames: 1 },
    'no-temperature': { frames: 1 },
  });
  expect(stats['fix']?.discarded['bad-checksum']).toMatchObject({ frames: 1 });
  await agent.end();
  await broker.stop();
});
