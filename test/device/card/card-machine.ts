import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../services/wait.ts';
import { readBootFile } from './card-image.ts';
import type { CardParts } from './card-parts.ts';
import { GuestShell } from './guest-shell.ts';
import { Qmp } from './qmp.ts';

/** How long an emulated device may take to save its memory, in milliseconds. */
const saveWithinMs = 120_000;

/** A card in an emulated device. */
export interface CardMachineOptions {
  readonly parts: CardParts;
  /** The image file in the slot; it is written to. */
  readonly card: string;
  /** The terminal behind the device's first serial port: /dev/ttyS0 in the device. */
  readonly sensor: string;
  /** The memory of a device that was saved: it goes on where it was, rather than to boot. */
  readonly memory?: string | undefined;
}

/** What `save` leaves: together they are a device that runs. */
export interface SavedMachine {
  readonly card: string;
  readonly memory: string;
}

/**
 * An emulated arm64 device with a card, two serial ports (a sensor, a shell for the test) and a network on which
 * this host's loopback is 10.0.2.2. A device that reboots ends here: the test puts its power on again.
 */
export class CardMachine {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  readonly shell: GuestShell;
  readonly #qmp: Qmp;
  readonly #card: string;
  #console = '';

  /** Puts the power on, as the board's firmware does: kernel, initramfs and command line come from the card. */
  static async powerOn(options: CardMachineOptions): Promise<CardMachine> {
    const folder = mkdtempSync(join(tmpdir(), 'fieldline-card-'));
    const machine = new CardMachine(options, folder);
    try {
      await machine.#qmp.open(join(folder, 'qmp'));
      await machine.shell.open(join(folder, 'shell'));
      if (options.memory !== undefined) await machine.#goOn();
    } catch (cause) {
      await machine.powerCut();
      throw new Error(`the emulator did not start: ${machine.console}`, { cause });
    }
    return machine;
  }

  private constructor(options: CardMachineOptions, folder: string) {
    this.#card = options.card;
    const child = spawn('nice', ['-n', '5', options.parts.qemu.path, ...emulated(options, folder)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#console += text));
    this.process = child;
    this.ended = once(child, 'close').then(() => rmSync(folder, { recursive: true, force: true }));
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    this.#qmp = new Qmp(isOver);
    this.shell = new GuestShell(isOver);
  }

  /** What the device has shown so far. */
  get console(): string {
    return this.#console;
  }

  /** Makes the network of the device a slow one: what is sent either way arrives once in `intervalMs`. */
  async slowDown(intervalMs: number): Promise<void> {
    const filter = { 'qom-type': 'filter-buffer', id: 'slow', netdev: 'n0', queue: 'all' };
    await this.#qmp.run('object-add', { ...filter, interval: intervalMs * 1000 });
  }

  /** Takes the power away, now. */
  async powerCut(): Promise<void> {
    this.shell.close();
    this.#qmp.close();
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** A device that was saved is one that had been stopped; it can go on once all its memory is there. */
  async #goOn(): Promise<void> {
    await eventually('the saved memory', async () => {
      const { status } = (await this.#qmp.run('query-status')) as { status: string };
      return status === 'inmigrate' ? undefined : true;
    });
    await this.#qmp.run('cont');
  }

  /** Stops the device where it is, and keeps its card and its memory in `folder`; the device ends. */
  async save(folder: string): Promise<SavedMachine> {
    const saved = { card: join(folder, 'saved.img'), memory: join(folder, 'saved.memory') };
    await this.#qmp.run('stop');
    await this.#qmp.run('migrate', { uri: `exec:cat >'${saved.memory}'` });
    await eventually(
      'the memory of the device',
      async () => {
        const { status } = (await this.#qmp.run('query-migrate')) as { status: string };
        if (status === 'failed') throw new Error('the memory of the device could not be written');
        return status === 'completed' ? true : undefined;
      },
      saveWithinMs,
    );
    await this.powerCut();
    await copyFile(this.#card, saved.card);
    return saved;
  }
}

function emulated({ parts, card, sensor, memory }: CardMachineOptions, folder: string): string[] {
  const fromCard = (name: string) => readBootFile(card, name, parts.mcopy.path);
  writeFileSync(join(folder, 'kernel'), fromCard('kernel8.img'));
  writeFileSync(join(folder, 'initramfs'), fromCard('initramfs8'));
  const socket = (id: string) => `socket,id=${id},path=${join(folder, id)},server=on,wait=off`;
  return [
    ...['-M', 'virt,gic-version=3', '-cpu', 'cortex-a53', '-smp', '2', '-m', '512'],
    ...['-accel', 'tcg,thread=multi', '-display', 'none', '-no-reboot', '-nodefaults', '-serial', 'stdio'],
    ...['-kernel', join(folder, 'kernel'), '-initrd', join(folder, 'initramfs')],
    ...['-append', fromCard('cmdline.txt').toString().trim()],
    ...['-drive', `file=${card},format=raw,if=none,id=card`, '-device', 'virtio-blk-pci,drive=card'],
    ...['-netdev', 'user,id=n0', '-device', 'virtio-net-pci,netdev=n0,romfile='],
    ...['-chardev', `serial,id=sensor,path=${sensor}`, '-device', 'pci-serial,chardev=sensor,addr=5'],
    ...['-chardev', socket('shell'), '-device', 'pci-serial,chardev=shell,addr=6'],
    ...['-object', 'rng-random,id=r0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=r0,romfile='],
    ...['-chardev', socket('qmp'), '-mon', 'chardev=qmp,mode=control'],
    ...(memory === undefined ? [] : ['-S', '-incoming', `exec:cat '${memory}'`]),
  ];
}
