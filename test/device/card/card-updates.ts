import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleSummary, DeviceSummary, OfferSummary, UpdatesAnswer } from '@fieldline/protocol';
import { updateBundle } from '@fieldline/provision';
import { eventually } from '../../services/wait.ts';
import { device, type CardRig } from './card-rig.ts';

/** Where the agent on a card keeps what it has fetched; for root's shell, not for the agent. */
export const updatesFolder = '/var/lib/private/fieldline/updates';
/** An emulated device fetches, unpacks and starts within minutes; after a power cut it boots first. */
const withinMs = 600_000;

/** How far the newest offer has come on the device. */
/** The program is one file of a megabyte and a half: more than a child may print where nothing is said. */
const maxBuffer = 64 * 1024 * 1024;

type Progress = OfferSummary['progress'][number];

/** Publishes and offers versions as a person does, and looks at what becomes of them. */
export class CardUpdates {
  readonly #rig: CardRig;
  readonly #keyFile: string;

  constructor(rig: CardRig) {
    this.#rig = rig;
    this.#keyFile = join(rig.folder, 'update-key.pem');
    writeFileSync(this.#keyFile, rig.updateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }

  /** Publishes this agent once more, under a newer version. */
  async publish(version: string): Promise<void> {
    await this.#rig.command('update', 'publish', '--arch', 'arm64', '--key', this.#keyFile, '--as', version);
  }

  /** Publishes a bundle that is signed as it should be, and whose program is `program`. */
  async publishProgram(version: string, program: string): Promise<void> {
    const empty = Buffer.of();
    const agent = {
      ...{ version, program: Buffer.from(program), launcher: empty, addons: [], unit: empty },
      ...{ sampleConfig: empty, notices: '', billOfMaterials: '' },
    };
    const about = { arch: 'arm64', key: this.#rig.updateKey, allowDowngrade: false } as const;
    const { signed, content } = await updateBundle(agent, about);
    await this.#rig.ask('/api/v1/updates/bundles', { ...signed, content: content.toString('base64url') });
  }

  /** SHA-256 of the program in the bundle of a version, as the gateway has it. */
  async programOf(version: string): Promise<string> {
    const { sha256 } = await this.bundleOf(version);
    const bundle = join(this.#rig.folder, 'home/updates', `${sha256}.tar.gz`);
    const program = execFileSync('tar', ['-xzOf', bundle, '--wildcards', '*lib/agent.cjs'], { maxBuffer });
    return createHash('sha256').update(program).digest('hex');
  }

  async bundleOf(version: string): Promise<BundleSummary> {
    const { bundles } = await this.#rig.ask<UpdatesAnswer>('/api/v1/updates');
    const found = bundles.find((each) => each.version === version);
    if (!found) throw new Error(`${version} is not published`);
    return found;
  }

  async offer(version: string): Promise<void> {
    await this.#rig.command<OfferSummary>('update', 'offer', version, '--device', device);
  }

  async progress(): Promise<Progress | undefined> {
    const { offers } = await this.#rig.ask<UpdatesAnswer>('/api/v1/updates');
    return offers[0]?.progress.find((each) => each.device === device);
  }

  /** Waits until the newest offer has ended so; throws with its last state where it does not. */
  async until(state: Progress['state']): Promise<Progress> {
    let last: Progress | undefined;
    const look = async (): Promise<Progress | undefined> => {
      last = await this.progress();
      return last?.state === state ? last : undefined;
    };
    return eventually(`the update is ${state}`, look, withinMs).catch((cause: unknown) => {
      throw new Error(`it is ${JSON.stringify(last)}; ${this.#rig.machine.console}`, { cause });
    });
  }

  /** Waits until the device says that it runs a version. */
  async running(version: string): Promise<void> {
    await eventually(
      `a report of ${version}`,
      async () => {
        const shown = await this.#rig.ask<DeviceSummary>(`/api/v1/devices/${device}`);
        return shown.agentVersion === version ? shown : undefined;
      },
      withinMs,
    );
  }

  /** Waits until a condition of the device's shell holds in the folder of the updates; answers what `then` prints. */
  async inDevice(condition: string, then = ':'): Promise<string> {
    // The device looks by itself: a question from here takes longer than what is looked for lasts.
    const look = `while [ $SECONDS -lt 20 ]; do if ${condition}; then ${then}; exit 0; fi; sleep 0.1; done; exit 1`;
    const command = `( SECONDS=0; cd ${updatesFolder} && ${look} )`;
    const ask = async (): Promise<string | undefined> => {
      const { exitCode, text } = await this.#rig.machine.shell.run(command);
      return exitCode === 0 ? text : undefined;
    };
    return eventually(`${condition} in the device`, ask, withinMs);
  }
}
