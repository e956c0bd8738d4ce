import type * as Leaflet from 'leaflet';
import type { GeometryCollection, Topology } from 'topojson-specification';
import landUrl from 'world-atlas/land-50m.json?url';

/** Draws the outlines of all land (Natural Earth 1:50 million, public domain), which come with the dashboard. */
export async function addLand(L: typeof Leaflet, map: Leaflet.Map): Promise<void> {
  const [{ feature }, response] = await Promise.all([import('topojson-client'), fetch(landUrl)]);
  // The file comes with this very build: its shape is known.
  const topology = (await response.json()) as Topology<{ land: GeometryCollection }>;
  const land = feature(topology, topology.objects.land);
  L.geoJSON(land, { interactive: false, style: { className: 'land', weight: 1 } })
    .addTo(map)
    .bringToBack();
}
