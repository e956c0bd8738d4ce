import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { SinkLogger } from '../sink.ts';
import type { InfluxAddress } from './influx-address.ts';
import { messageOf } from './query-failure.ts';
import { RetiredState } from './retention/retired-readings.ts';
import { RolledState } from './rollups/rolled-hours.ts';

/**
 * What the sink remembers beside InfluxDB: the position in the journal, and what is needed to write the same
 * points again from there. Both in one file, replaced whole, so that they always belong together.
 */
const SinkState = Type.Object({
  version: Type.Literal(1),
  /** The next entry to write. */
  offset: Type.Integer({ minimum: 0 }),
  /** By stream: times that may hold a point (`CoveredTimes`). */
  covered: Type.Record(Type.String(), Type.Array(Type.Tuple([Type.Number(), Type.Number()]))),
  /** By device: its tags as they were written. */
  tags: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  /** By stream: which hours are rolled up (`RolledHours`). */
  rolled: Type.Optional(Type.Record(Type.String(), RolledState)),
  /** What retention has removed (`RetiredReadings`). */
  retired: Type.Optional(RetiredState),
});
/** The state as it was read. */
export type SinkState = Static<typeof SinkState>;

/** What is written: the same, from columns that nobody changes meanwhile. */
export interface WritableState {
  readonly version: 1;
  readonly offset: number;
  readonly covered: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  readonly tags: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly rolled: Readonly<Record<string, RolledState>>;
  readonly retired?: RetiredState;
}

/** The state file of one database at one address. */
export class StateFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** That of a database, in this folder. */
  static of({ url, database }: Pick<InfluxAddress, 'url' | 'database'>, directory: string): StateFile {
    const place = createHash('sha256').update(`${url} ${database}`).digest('hex').slice(0, 12);
    return new StateFile(join(directory, `influxdb-${place}.json`));
  }

  /**
   * Undefined where there is none. One whose content is no state, which a power cut does not make of it, is kept beside it under another
   * name, which is told: then all that the journal holds is written again. Throws INFLUX_STATE_UNUSABLE where it cannot be read now.
   */
  read(logger: Pick<SinkLogger, 'error'>): SinkState | undefined {
    try {
      const text = textOf(this.#path);
      if (text === undefined) return undefined;
      const state = parsed(text);
      if (!state) this.#putAside(logger);
      return state;
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }

  /** Replaces it. Rejects with INFLUX_STATE_UNUSABLE, and the one before it stays. */
  async write(state: WritableState): Promise<void> {
    try {
      await this.#replace(state);
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }

  async #replace(state: WritableState): Promise<void> {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const fresh = `${this.#path}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(state));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.#path);
  }

  /** After a `write`: a power cut does not bring the state before it back. Rejects with INFLUX_STATE_UNUSABLE where that is not sure. */
  async settle(): Promise<void> {
    // There folders cannot be opened.
    if (process.platform === 'win32') return;
    try {
      const folder = await open(dirname(this.#path), 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }

  /**
   * Removes it durably: one that a power cut brought back would name points that are gone. Rejects with INFLUX_STATE_UNUSABLE where that is
   * not sure.
   */
  async remove(): Promise<void> {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      await rm(this.#path, { force: true });
    } catch (error) {
      throw unusable(this.#path, error);
    }
    await this.settle();
  }

  /** Whether one that was damaged lies beside it still. */
  get wasPutAside(): boolean {
    return existsSync(`${this.#path}.unusable-1`);
  }

  #putAside(logger: Pick<SinkLogger, 'error'>): void {
    let number = 1;
    while (existsSync(`${this.#path}.unusable-${number}`)) number += 1;
    const keptAs = `${this.#path}.unusable-${number}`;
    renameSync(this.#path, keptAs);
    logger.error({ file: this.#path, keptAs }, lostState);
  }
}

const lostState =
  'The state file of the InfluxDB sink is damaged, and kept under another name; all that the journal holds is written again. ' +
  'Readings that were retired and that the journal holds no more are missing in the ledger; put the file of a backup in its place, if there is one';

/** Undefined where there is no file; throws what the file system says where it cannot be read. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parsed(text: string): SinkState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(SinkState, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unusable(path: string, error: unknown): FieldlineError {
  return new FieldlineError('INFLUX_STATE_UNUSABLE', { subject: path, detail: messageOf(error) });
}
