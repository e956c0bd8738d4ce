import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { InfluxAddress } from './influx-address.ts';
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

  /** Undefined where there is none, or none that can be read: then everything is written again. */
  read(): SinkState | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return Value.Check(SinkState, value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  /** Replaces it durably. Rejects with what the file system says. */
  async write(state: WritableState): Promise<void> {
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

  /** After a `write`: a power cut does not bring the state before it back. */
  async settle(): Promise<void> {
    const folder = await open(dirname(this.#path), 'r').catch(() => undefined);
    await folder?.sync().finally(() => folder.close());
  }

  /** Removes it durably: one that a power cut brought back would name points that are gone. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
    await this.settle();
  }
}
