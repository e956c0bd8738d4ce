const dot = 0x2e;
const zero = 0x30;

/**
 * A position of NMEA 0183, `ddmm.mmmm,N,dddmm.mmmm,E`, in degrees, north and east positive; an empty object
 * where any of the four fields is empty, senseless or out of range.
 */
export function readPosition(
  lat: string | undefined,
  northSouth: string | undefined,
  lon: string | undefined,
  eastWest: string | undefined,
): { lat?: number; lon?: number } {
  const latitude = readAngle(lat, northSouth, 'N', 'S');
  const longitude = readAngle(lon, eastWest, 'E', 'W');
  if (!(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) return {};
  return { lat: latitude, lon: longitude };
}

/** Degrees from `d…dmm.mmmm`; NaN where it is none, or has 60 minutes or more. */
function readAngle(
  text: string | undefined,
  letter: string | undefined,
  positive: string,
  negative: string,
): number {
  if (text === undefined || (letter !== positive && letter !== negative)) return Number.NaN;
  const whole = digitsBefore(text);
  // Three digits at least: receivers that leave out leading zeros keep one for the degrees.
  if (whole < 3 || whole > 5) return Number.NaN;
  const value = Number(text);
  const degrees = Math.trunc(value / 100);
  const minutes = value - degrees * 100;
  if (!(minutes < 60)) return Number.NaN;
  const angle = degrees + minutes / 60;
  return letter === positive ? angle : -angle;
}

/** How many digits stand before the decimal point; 0 where anything else than digits and one point is there. */
function digitsBefore(text: string): number {
  let point = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === dot && point < 0) point = at;
    else if (code < zero || code > zero + 9) return 0;
  }
  return point < 0 ? text.length : point;
}
