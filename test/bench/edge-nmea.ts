import { readdirSync, readFileSync } from 'node:fs';
import { parseNmeaSentence } from 'nmea-simple';
import { EpochMerger } from '../../edge/src/drivers/gnss/epoch-merger.ts';
import { nmeaToPart } from '../../edge/src/drivers/gnss/nmea-to-part.ts';
import { NmeaFramer } from '../../edge/src/framing/nmea-framer.ts';
import { measure, perSecond, type BenchResult } from './bench-result.ts';

const cases = new URL('../../edge/src/drivers/gnss/cases/', import.meta.url);
/** As a serial port hands bytes over. */
const chunkBytes = 1024;

/**
 * `edge-nmea`: sentences a second, of recorded receivers: from bytes in chunks to fixes (framing, checksum, all
 * fields that a fix is made of, merging of epochs), beside nmea-simple parsing ready-made strings.
 *
 * Caveats: only sentences that nmea-simple parses without throwing are given to either side, so that both do
 * the same number. nmea-simple checks the checksum too, and gives more fields; it does no framing and no merging.
 */
export async function runEdgeNmea(): Promise<BenchResult[]> {
  const sentences = recordedSentences();
  const bytes = Buffer.from(sentences.map((sentence) => `${sentence}\r\n`).join(''), 'latin1');
  const result = await measure({
    name: 'edge-nmea',
    unit: 'sentences/s',
    ours: () => perSecond(() => countFixes(bytes), sentences.length),
    peer: {
      name: 'nmea-simple, strings',
      measure: () => perSecond(() => countParsed(sentences), sentences.length),
    },
    packages: ['nmea-simple'],
  });
  return [result];
}

function recordedSentences(): string[] {
  const logs = readdirSync(cases).filter((name) => name.endsWith('.log'));
  return logs.flatMap((name) => {
    const frames = new NmeaFramer().push(readFileSync(new URL(name, cases)));
    return frames.flatMap((frame) => (frame.kind === 'sentence' && isParsed(frame.text) ? [frame.text] : []));
  });
}

function isParsed(sentence: string): boolean {
  try {
    parseNmeaSentence(sentence);
    return true;
  } catch {
    return false;
  }
}

function countParsed(sentences: readonly string[]): number {
  let parsed = 0;
  for (const sentence of sentences) parsed += parseNmeaSentence(sentence).sentenceId.length;
  return parsed;
}

function countFixes(bytes: Uint8Array): number {
  const framer = new NmeaFramer();
  const merger = new EpochMerger();
  let fixes = 0;
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const frame of framer.push(bytes.subarray(at, at + chunkBytes))) {
      const part = frame.kind === 'sentence' ? nmeaToPart(frame.text) : undefined;
      if (part !== undefined) fixes += merger.push(part, at).length;
    }
  }
  return fixes;
}
