import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LedgerAnswer } from '@fieldline/protocol';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { batchOf, publishBatch, readJournal, startRig } from './gateway-rig.ts';

const kills = 3;
const readingsPerBatch = 10;

interface Child {
  readonly process: ChildProcess;
  readonly httpUrl: string;
  readonly mqttUrl: string;
}

/** A gateway in a process of its own, which can be killed. */
async function startChild(home: string): Promise<Child> {
  const module = pathToFileURL(join(import.meta.dirname, 'gateway.ts')).href;
  const program = `
    const { startGateway } = await import(${JSON.stringify(module)});
    const options = { home: ${JSON.stringify(home)}, http: { port: 0 }, mqtt: { port: 0 } };
    const { httpUrl, mqttUrl } = await startGateway({ ...options, logLevel: 'silent' }, { environment: {} });
    console.log(JSON.stringify({ httpUrl, mqttUrl }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString()));
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  const urls: { httpUrl: string; mqttUrl: string } = JSON.parse(line);
  return { process: child, ...urls };
}

async function kill(child: Child): Promise<void> {
  const gone = new Promise((resolve) => child.process.once('exit', resolve));
  child.process.kill('SIGKILL');
  await gone;
}

/**
 * Sends batches from `seq` on, twelve in flight, until the connection ends. Answers the seqs that were
 * acknowledged.
 */
async function sendUntilClosed(
  client: mqtt.MqttClient,
  fromSeq: number,
  onAcknowledged: () => void,
): Promise<number[]> {
  const acknowledged: number[] = [];
  let next = fromSeq;
  let isOpen = true;
  client.once('close', () => (isOpen = false));
  const lane = async (): Promise<void> => {
    while (isOpen) {
      const seq = next++;
      const closed = new Promise<false>((resolve) => client.once('close', () => resolve(false)));
      const done = publishBatch(client, batchOf('porch', seq, { readings: readingsPerBatch })).then(
        () => true as const,
        () => false as const,
      );
      if (await Promise.race([done, closed])) {
        acknowledged.push(seq);
        onAcknowledged();
      }
    }
  };
  client.setMaxListeners(0);
  await Promise.all(Array.from({ length: 12 }, lane));
  return acknowledged;
}

test('killed again and again, it keeps all it acknowledged, and its account adds up', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fieldline-kill-'));
  try {
    let child = await startChild(home);
    const token = readFileSync(join(home, 'admin.token'), 'utf8').trim();
    const registered = await fetch(`${child.httpUrl}/api/v1/devices`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'porch' }),
    });
    const { password }: { password: string } = JSON.parse(await registered.text());
    const acknowledged = new Set<number>();
    for (let round = 1; round <= kills; round++) {
      const options = { clientId: 'porch', username: 'porch', password, reconnectPeriod: 0 };
      const client = await mqtt.connectAsync(child.mqttUrl, options);
      let inRound = 0;
      const killed = Promise.withResolvers<unknown>();
      // A device sends again what was not acknowledged: it begins behind the first gap.
      let first = 1;
      while (acknowledged.has(first)) first += 1;
      const seqs = await sendUntilClosed(client, first, () => {
        inRound += 1;
        if (inRound === 60 * round) kill(child).then(killed.resolve, killed.reject);
      });
      await killed.promise;
      for (const seq of seqs) acknowledged.add(seq);
      child = await startChild(home);
      const answer = await fetch(`${child.httpUrl}/api/v1/ledger`);
      const { total }: LedgerAnswer = JSON.parse(await answer.text());
      expect(total.unaccounted).toBe(0);
    }
    await kill(child);
    const journaled = (await readJournal(home)).map(({ batch }) => batch.seq);
    expect(new Set(journaled).size).toBe(journaled.length);
    expect([...acknowledged].filter((seq) => !journaled.includes(seq))).toEqual([]);
    const rig = await startRig({ home });
    const client = await rig.connect('porch', password);
    const last = Math.max(...journaled);
    const seqs = Array.from({ length: last + 1 }, (_, index) => index + 1);
    await Promise.all(
      seqs.map((seq) => publishBatch(client, batchOf('porch', seq, { readings: readingsPerBatch }))),
    );
    const taken = (last + 1) * readingsPerBatch;
    await expect
      .poll(async () => (await rig.ledger()).total)
      .toEqual({ taken, stored: taken, filtered: 0, refused: 0, lost: 0, underWay: 0, unaccounted: 0 });
    await rig.end();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 120_000);
