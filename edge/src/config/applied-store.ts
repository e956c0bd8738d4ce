import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { Reported } from '@fieldline/protocol';
import { readJson, replaceJson } from '../bindings/json-file.ts';

/** A configuration from the gateway with its version. */
const Versioned = Type.Object({ version: Type.Integer({ minimum: 0 }), config: Type.Unknown() });

/**
 * What the device remembers of remote configuration. `running`: what runs, none while that is the local file.
 * `trial`: what is being tried, until the gateway has been reached with it. `answered`: what became of the last
 * one, so that the same is not tried again when it is handed out again.
 */
const AppliedState = Type.Object({
  running: Type.Optional(Versioned),
  trial: Type.Optional(Type.Object({ ...Versioned.properties, digest: Type.String() })),
  answered: Type.Optional(
    Type.Object({
      version: Type.Integer({ minimum: 0 }),
      digest: Type.String(),
      state: Reported.properties.state,
      errors: Reported.properties.errors,
    }),
  ),
});
/** What the file holds. */
export type AppliedState = Static<typeof AppliedState>;

/** What an agent needs to come up without its file: kept from the last good start. */
const Identity = Type.Object({ device: Type.String(), url: Type.String(), password: Type.String() });
/** Device, address of its gateway, and password. */
export type Identity = Static<typeof Identity>;

const folder = 'config';
const stateFile = 'applied.json';
const identityFile = 'identity.json';

/**
 * The durable side of remote configuration, in `config/` below the data directory; readable by the agent's
 * user alone, since it may hold a password. Each write replaces the whole file or nothing of it.
 */
export class AppliedStore {
  readonly #directory: string;
  #state: AppliedState;

  /** Reads what is there; what cannot be read counts as nothing. */
  static async open(dataDir: string): Promise<AppliedStore> {
    const directory = join(dataDir, folder);
    const value = await readJson(join(directory, stateFile));
    return new AppliedStore(directory, Value.Check(AppliedState, value) ? value : {});
  }

  private constructor(directory: string, state: AppliedState) {
    this.#directory = directory;
    this.#state = state;
  }

  get state(): AppliedState {
    return this.#state;
  }

  /** Replaces the state; durable when it resolves. Rejects with the error of the file system. */
  async save(state: AppliedState): Promise<void> {
    await replaceJson(this.#directory, stateFile, state);
    this.#state = state;
  }

  /** Keeps what the agent needs to come up without its file. */
  async saveIdentity(identity: Identity): Promise<void> {
    const known = await readIdentity(join(this.#directory, '..'));
    if (JSON.stringify(known) !== JSON.stringify(identity))
      await replaceJson(this.#directory, identityFile, identity);
  }
}

/** Who the device was at its last good start; undefined where there was none. */
export async function readIdentity(dataDir: string): Promise<Identity | undefined> {
  const value = await readJson(join(dataDir, folder, identityFile));
  return Value.Check(Identity, value) ? value : undefined;
}
