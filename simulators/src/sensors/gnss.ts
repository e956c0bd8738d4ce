import { readFileSync } from 'node:fs';
import { FieldlineError } from '@fieldline/protocol';
import type { Sensor } from './frame.ts';
import { readEpochs, type Epoch } from './gnss-epochs.ts';
import { expectedReadings } from './gnss-oracle.ts';

/** Recordings that come with Fieldline; simulators/recordings/README.md says what each is. */
export const gnssRecordings = ['walk', 'cold-start', 'rtk', 'ublox-8', 'bu353s4'] as const;

/** What a virtual receiver replays. */
export interface GnssOptions {
  /** One of `gnssRecordings`, or the path of a file of NMEA 0183 sentences. */
  readonly recording?: string;
  /** 1 replays at the pace of the sentences' own times of day, 10 ten times as fast. */
  readonly speed?: number;
}

const DAY_SECONDS = 86_400;
/** A longer silence between two epochs of a recording is taken as a cut in it, and is not replayed. */
const LONGEST_STEP_S = 10;
const STEP_WHERE_UNKNOWN_S = 1;

/** A receiver that replays a real one's sentences byte for byte, an epoch at a time, round and round. */
export function createGnss(options: GnssOptions = {}): Sensor {
  const { recording = 'walk', speed = 1 } = options;
  if (!(speed > 0 && speed <= 1000)) {
    throw new FieldlineError('SIMULATOR_BAD_OPTION', {
      subject: `--speed ${speed}`,
      detail: 'A recording is replayed 0.001 to 1000 times as fast as it was.',
    });
  }
  const epochs = loadEpochs(recording);
  let at = 0;
  return {
    kind: 'gnss',
    terminator: Buffer.from('\r\n'),
    next: () => {
      const epoch = epochAt(epochs, at);
      const following = epochAt(epochs, at + 1);
      at += 1;
      const frame = { bytes: epoch.bytes, readings: expectedReadings(epoch.bytes) };
      return { frame, untilNextMs: (1000 * stepSeconds(epoch, following)) / speed };
    },
  };
}

function loadEpochs(recording: string): Epoch[] {
  const known = gnssRecordings.find((name) => name === recording);
  const path = known ? new URL(`../../recordings/gnss/${known}.nmea`, import.meta.url) : recording;
  try {
    const epochs = readEpochs(readFileSync(path));
    if (epochs.length > 0) return epochs;
  } catch (cause) {
    throw new FieldlineError('SIMULATOR_RECORDING_UNUSABLE', { subject: recording, cause });
  }
  throw new FieldlineError('SIMULATOR_RECORDING_UNUSABLE', {
    subject: recording,
    detail: 'No sentence in it has a time of day.',
  });
}

function epochAt(epochs: readonly Epoch[], index: number): Epoch {
  const epoch = epochs[index % epochs.length];
  if (!epoch) throw new RangeError('a recording without epochs');
  return epoch;
}

function stepSeconds(from: Epoch, to: Epoch): number {
  const step = (to.secondOfDay - from.secondOfDay + DAY_SECONDS) % DAY_SECONDS;
  return step > 0 && step <= LONGEST_STEP_S ? step : STEP_WHERE_UNKNOWN_S;
}
