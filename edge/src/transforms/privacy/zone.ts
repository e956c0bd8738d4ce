/** A circle on the ground. */
export interface Zone {
  readonly name: string;
  /** Its centre, in degrees. */
  readonly lat: number;
  readonly lon: number;
  readonly radiusM: number;
}

/** Mean radius of the Earth in metres (IUGG, GRS 80: (2a + b) / 3). */
const earthRadiusM = 6_371_008.8;
const radians = Math.PI / 180;

/** Distance of two positions (degrees) on a sphere in metres, by the haversine formula; within 0.6 % of the ellipsoid. */
export function distanceM(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const north = Math.sin(((lat2 - lat1) * radians) / 2);
  const east = Math.sin(((lon2 - lon1) * radians) / 2);
  const half = north * north + Math.cos(lat1 * radians) * Math.cos(lat2 * radians) * east * east;
  return 2 * earthRadiusM * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Whether a position lies in any of the zones; without zones everywhere. An unknown position does. */
export function isInside(zones: readonly Zone[], lat: number, lon: number): boolean {
  if (zones.length === 0 || !Number.isFinite(lat) || !Number.isFinite(lon)) return true;
  return zones.some((zone) => distanceM(lat, lon, zone.lat, zone.lon) <= zone.radiusM);
}
