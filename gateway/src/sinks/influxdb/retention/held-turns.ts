import type { StreamName } from '@fieldline/protocol';
import type { LackingHour } from '../rollups/rolled-hours.ts';
import type { ShardSpan } from './shard-spans.ts';

/** Turns in a row in which the same shards were held, after which it is told: five minutes of them. */
export const turnsUntilTold = 30;

/** Why readings that are older than they are kept do not go in this turn. */
export const heldReasons = [
  /** A stream has an hour there that is not rolled up, or had readings since. */
  'not-rolled-up',
  /** InfluxDB counts more readings than their rollup. */
  'rollups-lack-readings',
  /** Another program's points stand there. */
  'foreign-points',
  /** What has to stay is more than a step may keep. */
  'stays-too-much',
  /** InfluxDB refuses again what has to stay. */
  'stays-refused',
  /** Something came for that time while it was worked out what goes. */
  'written-meanwhile',
  /** What may have begun to be written is not written to its end. */
  'writes-unsettled',
] as const;
/** One of them. */
export type HeldReason = (typeof heldReasons)[number];

/** Counts the turns in which something was due and did not go, and says when one is to be told. */
export class HeldTurns {
  readonly #counts = new Map<HeldReason, number>();
  #inARow = 0;

  /** Turns since the start of the process, by reason: all of them, also those that never came. */
  get counts(): readonly (readonly [reason: HeldReason, turns: number])[] {
    return heldReasons.map((reason) => [reason, this.#counts.get(reason) ?? 0]);
  }

  /** A turn that came to nothing. Answers whether that has gone on for so long that it is to be told. */
  count(reason: HeldReason): boolean {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#inARow += 1;
    return this.#inARow % turnsUntilTold === 0;
  }

  /** Something went, or nothing is due. */
  end(): void {
    this.#inARow = 0;
  }
}

/** What is held, for the log; `why` says cause and remedy. */
export function heldText({ fromUs, toUs }: ShardSpan, why: string): string {
  return `Readings in InfluxDB from ${iso(fromUs)} to ${iso(toUs)} are kept beyond their age, and all that are newer: ${why}`;
}

/** Cause and remedy where a stream is not rolled up. */
export function notRolledUpText({ stream, hour }: { stream: StreamName; hour: LackingHour }): string {
  const { startUs, isStale } = hour;
  if (isStale && startUs !== undefined) {
    return `${stream} gets readings for the hour of ${iso(startUs)} again and again. See whether the clock of its device is right, or wait until it has sent what it kept`;
  }
  const from = startUs === undefined ? '' : ` from ${iso(startUs)} on`;
  return `${stream} is not rolled up${from}. A backlog goes on by itself; where the log says why hours were not rolled up, mend that. An hour of more readings than can be rolled up (three thousand a second) has to be deleted in InfluxDB by hand`;
}

/** Cause and remedy where readings came while it was worked out what goes. */
export function writtenMeanwhileText(device: string): string {
  return `${device} sends something for that time whenever it is about to go. See whether its clock is right, or wait until it has sent what it kept`;
}

/** Cause and remedy where writes have not come to their end. */
export const writesUnsettledText =
  'what was begun to be written is not written to its end. See in the log what the sink waits for';

function iso(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString();
}
