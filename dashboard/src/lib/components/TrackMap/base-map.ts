import type * as Leaflet from 'leaflet';
import { texts } from '../../texts/en.ts';
import { addGraticule } from './graticule-layer.ts';
import { addLand } from './land-layer.ts';

/** How the maps of the dashboard differ: zoom levels as Leaflet counts them, 0 for the whole world in 256 CSS pixels. */
export interface BaseMapOptions {
  /** At the beginning. */
  readonly zoom: number;
  readonly maxZoom: number;
  /** Levels that the map rests on are multiples of this. */
  readonly zoomSnap?: number;
}

/** The middle of the first view, in degrees: most land around it. */
const firstCentre: [number, number] = [25, 10];

/** Creates a map in `element`: land, graticule, a metric scale and buttons, and nothing from another origin. */
export function createBaseMap(L: typeof Leaflet, element: HTMLElement, options: BaseMapOptions): Leaflet.Map {
  const { zoom, ...limits } = options;
  const map = L.map(element, {
    attributionControl: false,
    zoomControl: false,
    zoomAnimation: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    fadeAnimation: false,
    worldCopyJump: true,
    minZoom: 1,
    ...limits,
  }).setView(firstCentre, zoom);
  L.control
    .zoom({ position: 'bottomright', zoomInTitle: texts.map.zoomIn, zoomOutTitle: texts.map.zoomOut })
    .addTo(map);
  L.control.scale({ imperial: false, position: 'bottomleft', maxWidth: 160 }).addTo(map);
  addGraticule(L, map);
  // A map without its land still shows where things are.
  void addLand(L, map).catch(() => undefined);
  return map;
}
