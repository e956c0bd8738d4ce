import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import type { LedgerAnswer, LedgerRow } from '@fieldline/protocol';
import { createGnss, systemClock, VirtualSensor } from '@fieldline/simulators';
import { stringify } from 'yaml';
import { runFieldline } from '../../services/run-fieldline.ts';
import { eventually } from '../../services/wait.ts';
import { assembleImage } from './card-image.ts';
import { CardMachine, type SavedMachine } from './card-machine.ts';
import type { CardKind, CardParts } from './card-parts.ts';

/** Under emulation a device takes minutes for what it does in half of one. */
const bootsWithinMs = 840_000;
/** A device that reboots by itself more often than this does not get ahead. */
const rebootsMax = 2;
/** The name of the device, everywhere. */
export const device = 'greenhouse-1';

/** What a flashed card brings, and what no log of its device may hold. */
export const cardSecrets = {
  passwordHash: '$6$salt$cZ1HBRqTiVa4yeLjxWUZuFZBSdPdRB',
  wifiPassword: 'pflanzen-123',
  /** How each claim of the device begins. */
  claim: `${device}.`,
};

/** Prints a figure, for the person who runs the tests. */
export function say(figure: string): void {
  process.stdout.write(`${figure}\n`);
}

/** A gateway on this host, a receiver on a serial port, and a device whose card was flashed for the two. */
export class CardRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'fieldline-card-rig-'));
  readonly card = join(this.folder, 'card.img');
  /** Folder of the packages that are on the card. */
  readonly packages = join(this.folder, 'packages');
  readonly sensor: VirtualSensor;
  /** What signs the updates that this device takes. */
  readonly updateKey: KeyObject;
  readonly #parts: CardParts;
  #gateway: RunningGateway | undefined;
  #machine: CardMachine | undefined;

  /** Makes the packages, starts the gateway, and flashes a card as a person does; the device is off. */
  static async flashed(kind: CardKind, parts: CardParts): Promise<CardRig> {
    const rig = new CardRig(parts);
    try {
      await fieldline('flash', 'bundle', '--arch', 'arm64', '--output', rig.packages);
      await rig.#startGateway();
      await rig.#flash(kind);
      return rig;
    } catch (cause) {
      await rig.end();
      throw cause;
    }
  }

  private constructor(parts: CardParts) {
    this.#parts = parts;
    this.updateKey = generateKeyPairSync('ed25519').privateKey;
    const link = join(this.folder, 'receiver');
    this.sensor = new VirtualSensor({ sensor: createGnss(), clock: systemClock, link, whileAway: 'lose' });
  }

  get machine(): CardMachine {
    if (this.#machine === undefined) throw new Error('the device is off');
    return this.#machine;
  }

  get #running(): RunningGateway {
    if (this.#gateway === undefined) throw new Error('the gateway has not been started');
    return this.#gateway;
  }

  async #startGateway(): Promise<void> {
    const ports = { http: { port: 0 }, mqtt: { port: 0 }, https: { port: 0 }, mqtts: { port: 0 } };
    const home = join(this.folder, 'home');
    this.#gateway = await startGateway({ home, ...ports, logLevel: 'silent' }, { environment: {} });
  }

  /** Assembles an image and flashes it; the device gets a claim of this gateway. */
  async #flash(kind: CardKind): Promise<void> {
    const { httpUrl, mqttsUrl = '', httpsUrl = '', home } = this.#running;
    const config = join(this.folder, 'agent.yaml');
    const sensors = [{ id: 'position', driver: 'gnss', port: '/dev/ttyS0', baudRate: 9600, window: 'none' }];
    const updates = { keys: [publicHalf(this.updateKey)] };
    const gateway = { claimUrl: fromDevice(httpsUrl) };
    writeFileSync(config, stringify({ gateway, flush: '1s', updates, sensors }));
    const image = assembleImage(kind, this.#parts, this.folder);
    await fieldline(
      ...['flash', 'image', image, '--output', this.card, '--packages', this.packages, '--config', config],
      ...['--name', device, '--gateway', fromDevice(mqttsUrl), '--api', httpUrl, '--home', home],
      ...['--user', 'gardener', '--ssh-key', this.#sshKey(), '--password-hash', cardSecrets.passwordHash],
      ...['--wifi', 'Glashaus', '--wifi-country', 'CH', '--wifi-password', cardSecrets.wifiPassword],
      ...['--timezone', 'Europe/Zurich', '--no-wait', '--json'],
    );
    rmSync(image);
  }

  /** Puts the power on, and again whenever the device reboots, until the gateway has stored a reading of it. Answers the seconds. */
  async bootToFirstReading(): Promise<{ seconds: number; reboots: number }> {
    const before = await this.account();
    const startedMs = performance.now();
    this.sensor.start();
    await this.powerOn();
    let reboots = 0;
    await eventually(
      'the first reading',
      async () => {
        if (this.machine.process.exitCode !== null && reboots < rebootsMax) {
          reboots += 1;
          await this.powerOn();
        }
        return (await this.account()).stored > before.stored ? true : undefined;
      },
      bootsWithinMs,
    ).catch((cause: unknown) => {
      throw new Error(`no reading came; the console says: ${this.#machine?.console}`, { cause });
    });
    return { seconds: Math.round((performance.now() - startedMs) / 100) / 10, reboots };
  }

  /** Starts the device from its card, or from what was saved of it. */
  async powerOn(saved?: SavedMachine): Promise<void> {
    if (saved) await copyFile(saved.card, this.card);
    const { card, sensor } = this;
    const parts = this.#parts;
    this.#machine = await CardMachine.powerOn({
      parts,
      card,
      sensor: sensor.port.path,
      memory: saved?.memory,
    });
  }

  /** Waits until the account of the device satisfies `isThere`. */
  async until(
    what: string,
    isThere: (row: LedgerRow) => boolean,
    withinMs = bootsWithinMs,
  ): Promise<LedgerRow> {
    let last: LedgerRow | undefined;
    return eventually(
      what,
      async () => {
        last = await this.account();
        return isThere(last) ? last : undefined;
      },
      withinMs,
    ).catch((cause: unknown) => {
      throw new Error(`the account is ${JSON.stringify(last)}`, { cause });
    });
  }

  /** What the gateway says of the readings of the device. */
  async account(): Promise<LedgerRow> {
    return (await this.ask<LedgerAnswer>(`/api/v1/ledger?device=${device}`)).total;
  }

  /** Asks the gateway's API as an administrator; with a body, by POST. Throws what is refused. */
  async ask<Answer>(path: string, body?: object): Promise<Answer> {
    const { home, httpUrl } = this.#running;
    const token = readFileSync(join(home, 'admin.token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    const response = await fetch(
      `${httpUrl}${path}`,
      body === undefined
        ? { headers }
        : {
            method: 'POST',
            headers: { ...headers, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          },
    );
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  /** Runs `fieldline …` against this gateway, and answers its JSON. Throws what it prints when it fails. */
  async command<Answer>(...words: readonly string[]): Promise<Answer> {
    const { home, httpUrl } = this.#running;
    return JSON.parse(await fieldline(...words, '--gateway', httpUrl, '--home', home, '--json')) as Answer;
  }

  async end(): Promise<void> {
    await this.#machine?.powerCut();
    await this.sensor.close();
    await this.#gateway?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #sshKey(): string {
    const path = join(this.folder, 'key.pub');
    writeFileSync(
      path,
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEb0SFf8nq2dCUyHoWpDLdpNDHrEHVYtTwcVsGQbCBnT gardener\n',
    );
    return path;
  }
}

/** Runs `fieldline …`, and answers what it prints. Throws what it says when it fails. */
async function fieldline(...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runFieldline(words);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

/** The half of a key that devices are told: RFC 8037, 2. */
function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x ?? '';
}

/** An address of this host's loopback, as the emulated network has it. */
function fromDevice(url: string): string {
  return url.replace(/(127\.0\.0\.1|localhost|\[::1\])/, '10.0.2.2');
}
