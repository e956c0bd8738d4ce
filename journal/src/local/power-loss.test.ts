import { cpSync, readdirSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scratchDirectories } from '../testing/scratch-directory.ts';
import { watchedFiles } from '../testing/watched-files.ts';
import type { Journal } from '../journal.ts';
import type { FileAccess } from './file-access.ts';
import { openJournal } from './open-journal.ts';

const scratch = scratchDirectories();
const isSegment = (name: string): boolean => name.includes('.seg');
const deadHolder = `pid:${2 ** 22 + 1}:1:00000000:0badcafe`;

type Step =
  | { kind: 'append'; sizes: number[] }
  | { kind: 'cursor' }
  | { kind: 'reopen' }
  /** Power goes while a group is being synced: its bytes are partly there, cut off or overwritten. */
  | { kind: 'powerLoss'; sizes: number[]; keep: number; flips: number[] }
  /** The card forgets: bytes anywhere in the log change, durable or not. */
  | { kind: 'rot'; flips: number[]; keep: number };

const sizes = fc.array(fc.nat({ max: 3000 }), { minLength: 1, maxLength: 6 });
/** Shares of a length. Integers, since random doubles are nearly all next to zero. */
const share = fc.nat({ max: 9999 }).map((part) => part / 10_000);
const flips = fc.array(share, { maxLength: 4 });
const keep = fc.oneof(fc.constant(1), share);
const withoutRot = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), sizes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cursor' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('powerLoss' as const), sizes, keep, flips }) },
);
const withRot = fc.oneof(
  { weight: 5, arbitrary: withoutRot },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rot' as const), flips, keep }) },
);

/** The bytes of record `id`: nothing but the right record can equal them. */
function valueOf(id: number, size: number): Buffer {
  const value = Buffer.alloc(8 + size, (id * 37) & 0xff);
  value.writeUInt32LE(id, 0);
  value.writeUInt32LE(size, 4);
  return value;
}

/** A journal on a disk that can lose power, beside the list of what was promised. */
class Trial {
  /** Offset of each acknowledged record, by its id. */
  readonly promised = new Map<number, number>();
  /** Positions the cursor may have: the last one acknowledged, or one under way since. */
  cursorMayBe: (number | undefined)[] = [undefined];
  directory: string;
  journal!: Journal;
  #nextId = 0;
  readonly #sizes = new Map<number, number>();
  readonly #files: FileAccess;
  readonly #syncedBytes = new Map<string, number>();
  #onSync: ((name: string, durableBytes: number) => void) | undefined;

  constructor(directory: string) {
    this.directory = directory;
    this.#files = watchedFiles({
      datasync: (name) => {
        if (!isSegment(name)) return;
        const durableBytes = this.#beginSync(name);
        this.#onSync?.(name, durableBytes);
      },
    });
  }

  async open(): Promise<void> {
    this.#syncedBytes.clear();
    this.journal = await openJournal({ directory: this.directory, segmentBytes: 4096, files: this.#files });
  }

  append(about: number[]): Promise<void>[] {
    return about.map(async (size) => {
      const id = this.#nextId++;
      this.#sizes.set(id, size);
      const offset = await this.journal.append('device-1', valueOf(id, size));
      this.promised.set(id, offset);
    });
  }

  async setCursor(): Promise<void> {
    const offset = this.journal.nextOffset;
    await this.journal.setCursor('reader', offset);
    this.cursorMayBe = [offset];
  }

  /** Copies the directory as it stands at the next sync of a segment, before that sync has done anything. */
  async losePower(copy: string, step: Extract<Step, { kind: 'powerLoss' }>): Promise<void> {
    let promisedThen: Map<number, number> | undefined;
    this.#onSync = (name, durableBytes) => {
      if (promisedThen) return;
      promisedThen = new Map(this.promised);
      cpSync(this.directory, copy, { recursive: true, verbatimSymlinks: true });
      damageTail(join(copy, name), durableBytes, step);
    };
    await Promise.all(this.append(step.sizes));
    this.#onSync = undefined;
    await this.journal.close();
    this.promised.clear();
    for (const [id, offset] of promisedThen ?? []) this.promised.set(id, offset);
    this.#moveTo(copy);
    await this.open();
  }

  /** Damages the segment that the first flip (or the last segment, without one) points to. */
  async rot(step: Extract<Step, { kind: 'rot' }>): Promise<void> {
    await this.journal.close();
    const names = readdirSync(this.directory).filter(isSegment).sort();
    const victim = names[Math.floor((step.flips[0] ?? 0.999) * names.length)] ?? '';
    damageTail(join(this.directory, victim), 0, step);
    await this.open();
  }

  /** Reads everything, and checks that each record is what was appended, in order, once, at its offset. */
  async check(isWhole: boolean): Promise<void> {
    const found = new Map<number, number>();
    let lastId = -1;
    let from = 0;
    for (;;) {
      const records = await this.journal.read(from, { maxBytes: 5000 });
      if (records.length === 0) break;
      for (const { offset, key, value } of records) {
        const id = Buffer.from(value).readUInt32LE(0);
        expect(key).toBe('device-1');
        expect(Buffer.compare(value, valueOf(id, this.#sizes.get(id) ?? -8))).toBe(0);
        expect(id).toBeGreaterThan(lastId);
        expect(offset).toBeGreaterThanOrEqual(from);
        expect(this.promised.get(id) ?? offset).toBe(offset);
        found.set(id, offset);
        lastId = id;
        from = offset + 1;
      }
    }
    if (isWhole) for (const id of this.promised.keys()) expect(found.has(id)).toBe(true);
    if (isWhole) expect(this.cursorMayBe).toContain(this.journal.cursor('reader'));
  }

  /** Notes that a sync begins; answers what the sync before it, which has ended, made durable. */
  #beginSync(name: string): number {
    const durable = this.#syncedBytes.get(name) ?? 0;
    this.#syncedBytes.set(name, statSync(join(this.directory, name)).size);
    return durable;
  }

  #moveTo(copy: string): void {
    this.directory = copy;
    unlinkSync(join(copy, 'lock'));
    symlinkSync(deadHolder, join(copy, 'lock'));
  }
}

/** A disk writes a sector whole or not at all, bytes. */
const sectorBytes = 512;

/**
 * Cuts the part of a file beyond `from` to the share `keep`, and damages places in what is left of it: by
 * turns a changed byte, and a sector that never reached the disk.
 */
function damageTail(path: string, from: number, about: { keep: number; flips: readonly number[] }): void {
  const bytes = readFileSync(path);
  const length = from + Math.ceil((bytes.length - from) * about.keep);
  for (const [index, flip] of about.flips.entries()) {
    const at = from + Math.floor((length - from) * flip);
    const sectorAt = Math.max(from, at - (at % sectorBytes));
    if (index % 2 === 1) bytes.fill(0, sectorAt, Math.min(length, sectorAt + sectorBytes));
    else if (at < length) bytes[at] = (bytes[at] ?? 0) ^ 0x5a;
  }
  writeFileSync(path, bytes.subarray(0, length));
}

async function run(steps: readonly Step[], isWhole: boolean): Promise<void> {
  const parent = await scratch();
  const trial = new Trial(join(parent, 'start'));
  await trial.open();
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'append') await Promise.all(trial.append(step.sizes));
    else if (step.kind === 'cursor') await trial.setCursor();
    else if (step.kind === 'powerLoss') await trial.losePower(join(parent, `after-${index}`), step);
    else if (step.kind === 'rot') await trial.rot(step);
    else {
      await trial.journal.close();
      await trial.open();
    }
    await trial.check(isWhole);
  }
  await trial.journal.close();
}

const isLong = process.env['FIELDLINE_TEST_LONG'] === '1';
const options = { numRuns: isLong ? 2000 : 60 };

describe('whatever is appended, reopened and cut off', () => {
  it(
    'never loses an acknowledged record to a power loss, and never gives a wrong one',
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(withoutRot, { maxLength: 12 }), (s) => run(s, true)),
        options,
      ),
    isLong ? 600_000 : 60_000,
  );

  it(
    'never gives a wrong record, a wrong order or a wrong offset, even from a card that rots',
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(withRot, { maxLength: 12 }), (s) => run(s, false)),
        options,
      ),
    isLong ? 600_000 : 60_000,
  );
});
