import { FieldlineError } from '@fieldline/protocol';
import type { Random } from '../random/seeded-random.ts';

/** How likely each fault is, a frame. */
export interface FaultPlan {
  /** The frame is never sent. */
  readonly dropout: number;
  /** Noise comes before the frame. */
  readonly garbage: number;
  /** The frame comes in pieces with pauses between. */
  readonly split: number;
  /** The plug is pulled, and put back after a while. */
  readonly unplug: number;
}

export const faultKinds = ['dropout', 'garbage', 'split', 'unplug'] as const;
export const noFaults: FaultPlan = { dropout: 0, garbage: 0, split: 0, unplug: 0 };
const usualRates: FaultPlan = { dropout: 0.02, garbage: 0.02, split: 0.2, unplug: 0.002 };

/** Reads `dropout,garbage:0.1,split`: kinds with rates from 0 to 1; a kind without a rate gets its usual one. */
export function parseFaults(text: string): FaultPlan {
  const plan = { ...noFaults };
  for (const part of text.split(',')) {
    const [name = '', rate] = part.trim().split(':');
    const kind = faultKinds.find((known) => known === name);
    const share = rate === undefined && kind ? usualRates[kind] : Number(rate);
    if (!kind || !(share >= 0 && share <= 1)) {
      throw new FieldlineError('SIMULATOR_BAD_OPTION', {
        subject: `--fault ${part}`,
        detail: `Faults are ${faultKinds.join(', ')}, each with a rate from 0 to 1: garbage:0.1.`,
      });
    }
    plan[kind] = share;
  }
  return plan;
}

/** `count` bytes of line noise: high and low control bytes that no line, sentence or packet here is made of. */
export function noise(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => 0x80 + random.integer(0x7f));
}

/** Cuts a frame into two to four pieces, none empty, at seeded places. */
export function pieces(bytes: Uint8Array, random: Random): Uint8Array[] {
  const cuts = new Set(Array.from({ length: 3 }, () => 1 + random.integer(Math.max(1, bytes.length - 1))));
  const places = [0, ...[...cuts].filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}
