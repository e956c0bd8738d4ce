import type * as Leaflet from 'leaflet';
import type Supercluster from 'supercluster';
import { deviceHref } from '../../state/routes.ts';
import { showCount } from '../../format/units.ts';
import { texts } from '../../texts/en.ts';
import { createBaseMap } from '../TrackMap/base-map.ts';

/** One device on the map, in degrees. */
export interface Placed {
  readonly id: string;
  readonly online: boolean;
  readonly latitude: number;
  readonly longitude: number;
}

/** Devices this close on the screen become one mark, in CSS pixels. */
const clusterPx = 56;
/** No closer than this by itself: a single device is shown with its surroundings. */
const closestZoom = 12;

/** What a mark carries. */
interface Properties {
  readonly id: string;
  readonly online: boolean;
}

/** A map of all devices; those that would lie over each other are one mark with their number. */
export class FleetMap {
  #map: Leaflet.Map | undefined;
  #L: typeof Leaflet | undefined;
  #marks: Leaflet.LayerGroup | undefined;
  #index: Supercluster<Properties> | undefined;
  #placed: readonly Placed[] = [];
  #fitted = false;
  #makeIndex: (() => Supercluster<Properties>) | undefined;

  /** Mounts the map into `element` and lets it live until the returned function is called. */
  readonly mount = (element: HTMLElement): (() => void) => {
    let ended = false;
    void Promise.all([import('leaflet'), import('supercluster'), import('../TrackMap/leaflet.css')]).then(
      ([leaflet, cluster]) => {
        if (ended) return;
        this.#makeIndex = () => new cluster.default<Properties>({ radius: clusterPx, maxZoom: 16 });
        this.#create(leaflet.default, element);
      },
    );
    return () => {
      ended = true;
      this.#map?.remove();
      this.#map = undefined;
    };
  };

  /** Shows these devices. */
  show(placed: readonly Placed[]): void {
    this.#placed = placed;
    this.#load();
  }

  #create(L: typeof Leaflet, element: HTMLElement): void {
    const map = createBaseMap(L, element, { zoom: 2, maxZoom: 18 });
    this.#L = L;
    this.#map = map;
    this.#marks = L.layerGroup().addTo(map);
    map.on('moveend', () => this.#draw());
    this.#load();
  }

  #load(): void {
    if (!this.#makeIndex || !this.#map || !this.#L) return;
    this.#index = this.#makeIndex().load(
      this.#placed.map(({ id, online, latitude, longitude }) => ({
        type: 'Feature',
        properties: { id, online },
        geometry: { type: 'Point', coordinates: [longitude, latitude] },
      })),
    );
    if (!this.#fitted && this.#placed.length > 0) {
      this.#fitted = true;
      const bounds = this.#L.latLngBounds(
        this.#placed.map(({ latitude, longitude }) => [latitude, longitude] as [number, number]),
      );
      this.#map.fitBounds(bounds, { maxZoom: closestZoom, padding: [48, 48], animate: false });
    }
    this.#draw();
  }

  #draw(): void {
    const [L, map, marks, index] = [this.#L, this.#map, this.#marks, this.#index];
    if (!L || !map || !marks || !index) return;
    const bounds = map.getBounds().pad(0.2);
    const box: [number, number, number, number] = [
      bounds.getWest(),
      bounds.getSouth(),
      bounds.getEast(),
      bounds.getNorth(),
    ];
    marks.clearLayers();
    for (const { properties, geometry } of index.getClusters(box, Math.round(map.getZoom()))) {
      const [longitude = 0, latitude = 0] = geometry.coordinates;
      const element =
        'cluster_id' in properties
          ? this.#clusterMark(properties.cluster_id, properties.point_count, [latitude, longitude])
          : deviceMark(properties);
      const icon = L.divIcon({ html: element, className: 'fleet-mark', iconSize: [0, 0] });
      marks.addLayer(L.marker([latitude, longitude], { icon, keyboard: false }));
    }
  }

  #clusterMark(cluster: number, count: number, at: [number, number]): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = showCount(count);
    button.setAttribute('aria-label', texts.map.cluster(showCount(count)));
    button.addEventListener('click', () => {
      this.#map?.setView(at, this.#index?.getClusterExpansionZoom(cluster));
    });
    return button;
  }
}

/** A link: the router of the page follows it as it does any other. */
function deviceMark({ id, online }: Properties): HTMLElement {
  const link = document.createElement('a');
  link.href = deviceHref(id);
  link.className = online ? 'online' : 'offline';
  const name = document.createElement('span');
  name.textContent = id;
  link.append(name);
  return link;
}
