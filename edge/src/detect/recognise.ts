import { noise, type Hearing } from './recognition.ts';
import { recogniseMcu } from './recognise-mcu.ts';
import { recogniseNmea } from './recognise-nmea.ts';
import { recogniseText } from './recognise-text.ts';

/** Formats with a checksum first: what has one is right, whatever else it looks like. */
const recognisers = [recogniseNmea, recogniseMcu, recogniseText];

/** What the bytes that came from a port at one baud rate are; pure. */
export function recognise(bytes: Uint8Array): Hearing {
  const hearings = recognisers.map((each) => each(bytes));
  return (
    hearings.find(({ state }) => state === 'recognised') ??
    hearings.find(({ state }) => state === 'promising') ??
    noise
  );
}
