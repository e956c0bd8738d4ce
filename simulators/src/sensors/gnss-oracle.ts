/**
 * What a right reader makes of one epoch, by the shortest way that can be right: GGA and RMC only, both split at
 * their commas. It shares no line with the agent's driver, so that the two can check each other.
 *
 * `lat`, `lon` in degrees, `altitude` in m above mean sea level, `speed` in m/s, `course` in degrees from true
 * north, `satellites` used, `hdop`. An epoch without a fix gives nothing.
 */
export function expectedReadings(epoch: Uint8Array): Record<string, number> {
  const readings: Record<string, number> = {};
  for (const line of Buffer.from(epoch).toString('latin1').split(/\r?\n/)) {
    const fields = checkedFields(line);
    if (fields?.[0]?.endsWith('GGA')) readGga(fields, readings);
    if (fields?.[0]?.endsWith('RMC')) readRmc(fields, readings);
  }
  return readings;
}

/** The fields of a sentence whose checksum (XOR of all between `$` and `*`) is right. */
function checkedFields(line: string): string[] | undefined {
  const found = /\$([^$*]*)\*([0-9A-F]{2})$/i.exec(line);
  const [, body, sum] = found ?? [];
  if (body === undefined || sum === undefined) return undefined;
  let xor = 0;
  for (const character of body) xor ^= character.charCodeAt(0);
  return xor === Number.parseInt(sum, 16) ? body.split(',') : undefined;
}

function readGga(fields: readonly string[], readings: Record<string, number>): void {
  const [, , lat, ns, lon, ew, quality, satellites, hdop, altitude] = fields;
  if (!quality || quality === '0') return;
  setPosition(readings, [lat, ns, lon, ew]);
  setNumber(readings, 'satellites', satellites);
  setNumber(readings, 'hdop', hdop);
  setNumber(readings, 'altitude', altitude);
}

const KNOT_MS = 1852 / 3600;

function readRmc(fields: readonly string[], readings: Record<string, number>): void {
  const [, , status, lat, ns, lon, ew, knots, course] = fields;
  if (status !== 'A') return;
  setPosition(readings, [lat, ns, lon, ew]);
  if (knots) readings['speed'] = Number(knots) * KNOT_MS;
  setNumber(readings, 'course', course);
}

type PositionFields = readonly (string | undefined)[];

/** `ddmm.mmmm` and `dddmm.mmmm`, signed by hemisphere. */
function setPosition(readings: Record<string, number>, [lat, ns, lon, ew]: PositionFields): void {
  if (!lat || !lon) return;
  const degrees = (text: string) => Math.trunc(Number(text) / 100) + (Number(text) % 100) / 60;
  readings['lat'] = degrees(lat) * (ns === 'S' ? -1 : 1);
  readings['lon'] = degrees(lon) * (ew === 'W' ? -1 : 1);
}

function setNumber(readings: Record<string, number>, quantity: string, text: string | undefined): void {
  if (text) readings[quantity] = Number(text);
}
