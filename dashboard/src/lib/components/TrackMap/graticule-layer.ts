import type * as Leaflet from 'leaflet';
import { graticuleDecimals, graticuleLines, graticuleStep } from '../../series/graticule.ts';

/** The least distance between two lines, in CSS pixels, so that their labels do not touch. */
const lineSpacePx = 120;

/** Height of the row of labels at the upper edge, in CSS pixels. */
const topLabelsPx = 36;

/** Keeps a labelled graticule on the map: what tells the scale of things where no coast is in sight. */
export function addGraticule(L: typeof Leaflet, map: Leaflet.Map): void {
  const layer = L.layerGroup().addTo(map);
  const redraw = () => {
    layer.clearLayers();
    const bounds = map.getBounds();
    const size = map.getSize();
    const [south, north] = [Math.max(-85, bounds.getSouth()), Math.min(85, bounds.getNorth())];
    const [west, east] = [bounds.getWest(), bounds.getEast()];
    const latitudeStep = graticuleStep(north - south, Math.max(1, size.y / lineSpacePx));
    for (const latitude of graticuleLines(south, north, latitudeStep)) {
      const text = showDegrees(latitude, latitudeStep, 'N', 'S');
      addLine(L, layer, [
        [latitude, west],
        [latitude, east],
      ]);
      // Beneath the upper edge stand the labels of the meridians.
      const fromTopPx = ((north - latitude) / (north - south)) * size.y;
      if (fromTopPx > topLabelsPx) addLabel(L, layer, { at: [latitude, west], text, side: 'left' });
    }
    const longitudeStep = graticuleStep(east - west, Math.max(1, size.x / lineSpacePx));
    for (const longitude of graticuleLines(west, east, longitudeStep)) {
      const text = showDegrees(wrap(longitude), longitudeStep, 'E', 'W');
      addLine(L, layer, [
        [south, longitude],
        [north, longitude],
      ]);
      addLabel(L, layer, { at: [north, longitude], text, side: 'top' });
    }
  };
  map.on('moveend resize', redraw);
  redraw();
}

function addLine(L: typeof Leaflet, layer: Leaflet.LayerGroup, ends: [number, number][]): void {
  layer.addLayer(
    L.polyline(ends, { className: 'graticule-line', interactive: false, weight: 1, noClip: true }),
  );
}

function addLabel(
  L: typeof Leaflet,
  layer: Leaflet.LayerGroup,
  label: { at: [number, number]; text: string; side: 'left' | 'top' },
): void {
  const element = document.createElement('span');
  element.textContent = label.text;
  const icon = L.divIcon({ html: element, className: `graticule-label ${label.side}`, iconSize: [0, 0] });
  layer.addLayer(L.marker(label.at, { icon, interactive: false, keyboard: false }));
}

function wrap(longitude: number): number {
  return Number((((((longitude + 180) % 360) + 360) % 360) - 180).toFixed(6));
}

function showDegrees(value: number, step: number, positive: string, negative: string): string {
  const figure = `${Math.abs(value).toFixed(graticuleDecimals(step))}°`;
  if (value === 0) return figure;
  return `${figure} ${value < 0 ? negative : positive}`;
}
