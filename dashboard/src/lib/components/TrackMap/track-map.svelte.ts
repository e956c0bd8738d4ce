import type * as Leaflet from 'leaflet';
import { nearestFix, thinPiece, type Fix, type Position, type Track } from '../../series/track.ts';
import { createBaseMap } from './base-map.ts';

/** No closer than this by itself: about 100 m across the map. */
const closestZoom = 18;

/** Points of one piece of the track on the map. */
const mostPoints = 2000;

/** Space around the track when the map fits it, in CSS pixels. */
const fitPaddingPx = 48;

/** The mouse is over the track within so many CSS pixels. */
const pointWithinPx = 24;

/** A map that draws a track and keeps it in sight until the reader takes the map in hand. */
export class TrackMap {
  /** False once the reader has moved the map: it then stays where it was put. */
  following = $state(true);
  #leaflet: typeof Leaflet | undefined;
  #map: Leaflet.Map | undefined;
  #lines: Leaflet.LayerGroup | undefined;
  #marker: Leaflet.CircleMarker | undefined;
  #pointed: Leaflet.CircleMarker | undefined;
  #track: Track = { pieces: [], newest: undefined, fixes: [] };
  readonly #onPoint: (timeUs: number | undefined) => void;

  /** @param onPoint told the time of the fix that the mouse is over, and undefined when it leaves the track */
  constructor(onPoint: (timeUs: number | undefined) => void) {
    this.#onPoint = onPoint;
  }

  /** Mounts the map into `element` and lets it live until the returned function is called. */
  readonly mount = (element: HTMLElement): (() => void) => {
    let ended = false;
    let observer: ResizeObserver | undefined;
    void Promise.all([import('leaflet'), import('./leaflet.css')]).then(([module]) => {
      if (ended) return;
      this.#create(module.default, element);
      observer = new ResizeObserver(() => this.#map?.invalidateSize({ animate: false }));
      observer.observe(element);
    });
    return () => {
      ended = true;
      observer?.disconnect();
      this.#map?.remove();
      this.#map = undefined;
    };
  };

  /** Draws `track`. */
  show(track: Track): void {
    this.#track = track;
    this.#draw();
  }

  /** Marks where the device was at the time of the charts' cursor. */
  point(fix: Fix | undefined): void {
    const [L, map] = [this.#leaflet, this.#map];
    if (!L || !map) return;
    if (!fix) {
      this.#pointed?.remove();
      this.#pointed = undefined;
      return;
    }
    const at = toLatLng(fix.position);
    this.#pointed ??= L.circleMarker(at, { className: 'track-point', radius: 7, interactive: false }).addTo(
      map,
    );
    this.#pointed.setLatLng(at).bringToFront();
  }

  /** Brings the whole track into sight, and keeps it there. */
  follow(): void {
    this.following = true;
    this.#fit(true);
  }

  #create(L: typeof Leaflet, element: HTMLElement): void {
    this.#leaflet = L;
    const map = createBaseMap(L, element, { zoom: 1.5, maxZoom: 20, zoomSnap: 0.5 });
    this.#map = map;
    this.#lines = L.layerGroup().addTo(map);
    map.on('mousemove', (event) => this.#pointAt(map, event));
    map.on('mouseout', () => this.#onPoint(undefined));
    map.on('dragstart', () => (this.following = false));
    element.addEventListener('wheel', () => (this.following = false), { passive: true });
    element.querySelector('.leaflet-control-zoom')?.addEventListener('click', () => (this.following = false));
    this.#draw();
    this.#fit(true);
  }

  #pointAt(map: Leaflet.Map, event: Leaflet.LeafletMouseEvent): void {
    const fix = nearestFix(this.#track.fixes, [event.latlng.lat, event.latlng.lng]);
    const near =
      fix &&
      map.latLngToContainerPoint(toLatLng(fix.position)).distanceTo(event.containerPoint) <= pointWithinPx;
    this.#onPoint(near ? fix.timeUs : undefined);
  }

  #draw(): void {
    const [L, lines, map] = [this.#leaflet, this.#lines, this.#map];
    if (!L || !lines || !map) return;
    lines.clearLayers();
    for (const piece of this.#track.pieces) {
      const points = thinPiece(piece, mostPoints).map(toLatLng);
      lines.addLayer(
        L.polyline(points, { className: 'track-line', weight: 2.5, interactive: false, smoothFactor: 1.2 }),
      );
    }
    this.#drawMarker(L, map);
    if (this.following) this.#fit(false);
  }

  #drawMarker(L: typeof Leaflet, map: Leaflet.Map): void {
    const newest = this.#track.newest;
    if (!newest) return;
    const at = toLatLng(newest.position);
    this.#marker ??= L.circleMarker(at, { className: 'track-head', radius: 6, interactive: false }).addTo(
      map,
    );
    this.#marker.setLatLng(at).bringToFront();
  }

  /** Fits the track; without `force` only when its head has left the middle of the map. */
  #fit(force: boolean): void {
    const [L, map, newest] = [this.#leaflet, this.#map, this.#track.newest];
    if (!L || !map || !newest) return;
    const inner = map.getBounds().pad(-0.08);
    if (!force && this.#fitted && inner.contains(toLatLng(newest.position))) return;
    this.#fitted = true;
    const bounds = L.latLngBounds(this.#track.pieces.flat().map(toLatLng));
    map.fitBounds(bounds, { maxZoom: closestZoom, padding: [fitPaddingPx, fitPaddingPx], animate: false });
  }

  #fitted = false;
}

function toLatLng(position: Position): [number, number] {
  return [position[0], position[1]];
}
