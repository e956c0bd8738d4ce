import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import type { JournalRecovery } from '../journal.ts';
import { Catalog } from './catalog.ts';
import type { CursorFile } from './cursor-file.ts';
import { syncDirectory, type FileAccess } from './file-access.ts';
import { headerBytes } from './record.ts';
import { keepInQuarantine } from './quarantine.ts';
import { SegmentScanner } from './segment-scanner.ts';
import { isKnownVersion, parseSegmentName, Segment } from './segment.ts';

/** What stands in a journal directory once damage has been dealt with. */
export interface RecoveredLog {
  readonly catalog: Catalog;
  readonly nextOffset: number;
  /** No record stands at this offset or above. */
  readonly vacantFrom: number;
  readonly recovery: JournalRecovery;
}

/**
 * Finds the segments and makes the last one fit for appending. Only the last one is read, in chunks: the
 * others are known by their names and sizes, and their damage is found by whoever reads them.
 */
export async function recoverLog(
  files: FileAccess,
  directory: string,
  about: { cursors: CursorFile; wasLockStale: boolean; offsetsFrom: number },
): Promise<RecoveredLog> {
  const segments = await listSegments(files, directory);
  const active = segments.pop() ?? (await createSegment(files, directory, 0));
  const catalog = new Catalog(segments, active);
  const last = await repairLast(files, directory, catalog);
  const promised = Math.max(about.cursors.highest(), about.cursors.knownNextOffset, about.offsetsFrom);
  const lostBeyondEnd = Math.max(0, promised - last.nextOffset);
  const nextOffset = Math.max(last.nextOffset, promised);
  const wasDamaged = last.discardedBytes > 0 || lostBeyondEnd > 0;
  // In a segment of its own the log goes on: so the offsets left out stay left out, and the next opening
  // does not report the same damage again. On a disk too full for that it goes on in the old one.
  if (wasDamaged)
    await createSegment(files, directory, nextOffset).then(
      (s) => catalog.add(s),
      () => undefined,
    );
  const recovery: JournalRecovery = {
    closedCleanly: !about.wasLockStale,
    discardedBytes: last.discardedBytes,
    discardedRecordsAtLeast: Math.max(last.discardedRecordsAtLeast, lostBeyondEnd),
    tailTorn: last.tailTorn || lostBeyondEnd > 0,
    cursorsLost: about.cursors.wasLost,
    scannedBytes: last.scannedBytes,
  };
  return { catalog, nextOffset, vacantFrom: last.endOffset, recovery };
}

/** Creates the file of a new segment, and makes its name durable. */
export async function createSegment(
  files: FileAccess,
  directory: string,
  firstOffset: number,
): Promise<Segment> {
  const mark = randomInt(1, 2 ** 32 - 1);
  const segment = new Segment(files, { directory, firstOffset, mark, sizeBytes: 0 });
  const handle = await files.open(segment.path, 'wx');
  await handle.close();
  await syncDirectory(files, directory);
  return segment;
}

async function listSegments(files: FileAccess, directory: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of await files.readdir(directory)) {
    const parsed = parseSegmentName(name);
    if (!parsed) continue;
    const path = join(directory, name);
    if (!isKnownVersion(parsed.version)) {
      throw new FieldlineError('JOURNAL_VERSION_UNKNOWN', { subject: path });
    }
    const { size } = await files.stat(path);
    segments.push(new Segment(files, { directory, ...parsed, sizeBytes: size }));
  }
  // Two of the same offset: the empty one is left from a failed write and was replaced by the other.
  return segments.sort((a, b) => a.firstOffset - b.firstOffset || a.sizeBytes - b.sizeBytes);
}

interface LastSegment {
  /** Behind the last intact record. */
  readonly endOffset: number;
  /** Behind the last record that may have stood there. */
  readonly nextOffset: number;
  readonly discardedBytes: number;
  readonly discardedRecordsAtLeast: number;
  readonly tailTorn: boolean;
  readonly scannedBytes: number;
}

async function repairLast(files: FileAccess, directory: string, catalog: Catalog): Promise<LastSegment> {
  const segment = catalog.active;
  const { scanner, endRelative, missing } = await scanAll(segment);
  catalog.noteDamage(segment, scanner.damage);
  const tailAt = scanner.tailDamageAt;
  const tailBytes = tailAt === undefined ? 0 : segment.sizeBytes - tailAt;
  if (tailAt !== undefined) await cutTail(files, directory, { catalog, at: tailAt });
  const discardedBytes = scanner.damage.reduce((sum, { start, end }) => sum + end - start, 0);
  // What was cut may have held durable records: their offsets are never given out again.
  const skipped = tailBytes === 0 ? 0 : Math.floor(tailBytes / headerBytes) + 1;
  const endOffset = segment.firstOffset + endRelative;
  return {
    endOffset,
    nextOffset: endOffset + skipped,
    discardedBytes,
    discardedRecordsAtLeast: Math.max(missing + (tailBytes > 0 ? 1 : 0), scanner.damagedMarks),
    tailTorn: tailBytes > 0,
    scannedBytes: scanner.bytesRead,
  };
}

async function scanAll(
  segment: Segment,
): Promise<{ scanner: SegmentScanner; endRelative: number; missing: number }> {
  const scanner = new SegmentScanner({ mark: segment.mark, from: 0, to: segment.sizeBytes, minRelative: 0 });
  let endRelative = 0;
  let missing = 0;
  let damagedPlaces = 0;
  await segment.withHandle(async (file) => {
    for (let step = scanner.next(); step !== 'end'; step = scanner.next()) {
      if (step === 'more') await scanner.load(file);
      else {
        const { relativeOffset, appendedAtUs } = scanner.header;
        segment.firstAppendedAtUs ??= appendedAtUs;
        segment.index.note(relativeOffset, scanner.recordAt);
        // Offsets that an earlier recovery left out are missing too, but with no damage before them.
        if (scanner.damage.length > damagedPlaces) missing += relativeOffset - endRelative;
        damagedPlaces = scanner.damage.length;
        endRelative = relativeOffset + 1;
      }
    }
  });
  return { scanner, endRelative, missing };
}

async function cutTail(
  files: FileAccess,
  directory: string,
  about: { catalog: Catalog; at: number },
): Promise<void> {
  const segment = about.catalog.active;
  const handle = await files.open(segment.path, 'r+');
  try {
    await keepInQuarantine(files, directory, { segment, handle, from: about.at });
    await handle.truncate(about.at);
    await handle.sync();
  } finally {
    await handle.close();
  }
  about.catalog.grow(about.at - segment.sizeBytes);
}
