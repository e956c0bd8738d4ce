/** The sentences of one moment, as received, with their own time of day. */
export interface Epoch {
  readonly bytes: Uint8Array;
  /** Seconds since midnight UTC, by the sentences. */
  readonly secondOfDay: number;
}

const NEWLINE = 0x0a;
const HASH = 0x23;
/** Field 1 of these sentences is the time of day `hhmmss.sss` (NMEA 0183 section 6.3). */
const timedSentence = /\$..(?:GGA|RMC|GNS|ZDA),(\d\d)(\d\d)(\d\d(?:\.\d+)?),/;

/**
 * Cuts a recording into epochs: a sentence with another time of day than the one before begins a new epoch.
 * Comment lines are left out, and so is what stands before the first time of day.
 */
export function readEpochs(recording: Uint8Array): Epoch[] {
  const epochs: Epoch[] = [];
  let lines: Uint8Array[] = [];
  let current: number | undefined;
  const close = () => {
    if (current !== undefined) epochs.push({ bytes: Buffer.concat(lines), secondOfDay: current });
    lines = [];
  };
  for (const line of splitLines(recording)) {
    const secondOfDay = timeOf(line);
    if (secondOfDay !== undefined && secondOfDay !== current) {
      close();
      current = secondOfDay;
    }
    lines.push(line);
  }
  close();
  return epochs;
}

/** Lines with their ends; an end is added to an incomplete last line, without which the loop would glue it. */
function* splitLines(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found + 1;
    const line = bytes.subarray(start, end);
    if (line[0] !== HASH) yield found < 0 ? Buffer.concat([line, Buffer.from('\r\n')]) : line;
    start = end;
  }
}

function timeOf(line: Uint8Array): number | undefined {
  const found = timedSentence.exec(Buffer.from(line).toString('latin1'));
  return found ? Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]) : undefined;
}
