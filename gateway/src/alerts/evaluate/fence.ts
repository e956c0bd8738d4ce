import type { Fence } from '@fieldline/protocol';

/** Mean radius of the Earth, metres (IUGG, R1). */
const earthRadiusM = 6_371_008.8;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * How far outside a fence a position is, in metres; negative inside. Degrees, WGS 84, taken as a sphere: within 0.6 % of
 * the distance on the ellipsoid.
 */
export function metresOutside(fence: Fence, lat: number, lon: number): number {
  if (fence.shape === 'circle') return distanceM(fence.lat, fence.lon, lat, lon) - fence.radiusM;
  return polygonDistanceM(fence.points, lat, lon);
}

/** Great-circle distance in metres by the haversine formula (R. W. Sinnott, Sky and Telescope 68, 1984). */
export function distanceM(latA: number, lonA: number, latB: number, lonB: number): number {
  const sinLat = Math.sin(radians(latB - latA) / 2);
  const sinLon = Math.sin(radians(lonB - lonA) / 2);
  const h = sinLat ** 2 + Math.cos(radians(latA)) * Math.cos(radians(latB)) * sinLon ** 2;
  return 2 * earthRadiusM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Distance to the nearest edge on a plane that touches the Earth at the position; the sign by the crossing rule. */
function polygonDistanceM(points: readonly (readonly [number, number])[], lat: number, lon: number): number {
  const eastScale = Math.cos(radians(lat));
  const plane = points.map(([pointLat, pointLon]) => ({
    x: radians(pointLon - lon) * eastScale * earthRadiusM,
    y: radians(pointLat - lat) * earthRadiusM,
  }));
  let inside = false;
  let nearestM = Infinity;
  for (const [index, to] of plane.entries()) {
    const from = plane.at(index - 1) ?? to;
    nearestM = Math.min(nearestM, distanceToEdge(from, to));
    if (crossesEast(from, to)) inside = !inside;
  }
  return inside ? -nearestM : nearestM;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Whether the edge crosses the half-line from the origin to the east; each end counts for one of its edges. */
function crossesEast(from: Point, to: Point): boolean {
  if (from.y > 0 === to.y > 0) return false;
  return from.x + ((to.x - from.x) * -from.y) / (to.y - from.y) > 0;
}

/** From the origin to the nearest point of the edge. */
function distanceToEdge(from: Point, to: Point): number {
  const x = to.x - from.x;
  const y = to.y - from.y;
  const lengthSquared = x * x + y * y;
  const along = lengthSquared === 0 ? 0 : -(from.x * x + from.y * y) / lengthSquared;
  const part = Math.max(0, Math.min(1, along));
  return Math.hypot(from.x + part * x, from.y + part * y);
}
