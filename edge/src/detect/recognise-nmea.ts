import { NmeaFramer } from '../framing/nmea-framer.ts';
import { noise, promising, recognised, type Hearing, type SuggestedQuantity } from './recognition.ts';

/** Sentences with a right checksum that it takes; noise gives none of these by chance twice. */
const sentencesLeast = 2;

/** What the driver `gnss` yields. */
const quantities: readonly SuggestedQuantity[] = [
  { quantity: 'lat', unit: 'lat' },
  { quantity: 'lon', unit: 'lon' },
  { quantity: 'altitude', unit: 'm' },
  { quantity: 'speed', unit: 'm/s' },
  { quantity: 'course', unit: 'deg' },
];

/** NMEA 0183: sentences with right checksums. */
export function recogniseNmea(bytes: Uint8Array): Hearing {
  const sentences = new NmeaFramer()
    .push(bytes)
    .flatMap((frame) => (frame.kind === 'sentence' ? [frame.text] : []));
  const sample = sentences.at(-1);
  if (sample === undefined) return noise;
  if (sentences.length < sentencesLeast) return promising;
  const sensor = { driver: 'gnss', settings: {} };
  return recognised({ format: 'nmea', frames: sentences.length, sample, quantities, sensor });
}
