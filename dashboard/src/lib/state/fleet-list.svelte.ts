import type { ConfigState, DeviceSummary } from '@fieldline/protocol';
import { untrack } from 'svelte';
import type { Clock } from './clock.svelte.ts';
import type { Fleet } from './fleet.svelte.ts';
import type { Router } from './router.svelte.ts';

/** By what the fleet is ordered, and what its devices are gathered by. */
export const sortNames = ['name', 'seen', 'status'] as const;
/** One of them. */
export type SortName = (typeof sortNames)[number];
/** Which devices are shown. */
export const showNames = ['all', 'online', 'offline', 'alerts', 'clock'] as const;
/** One of them. */
export type ShowName = (typeof showNames)[number];

/** Devices by how far their configuration has come. */
export const configNames = ['any', 'applied', 'pending', 'failed', 'none'] as const;
/** One of them. */
export type ConfigName = (typeof configNames)[number];

const configGroups: Readonly<Record<ConfigState, ConfigName>> = {
  none: 'none',
  waiting: 'pending',
  delivered: 'pending',
  'timed-out': 'failed',
  applied: 'applied',
  rejected: 'failed',
  'rolled-back': 'failed',
};

/** One row of the list: a device, or the head of a group. */
export type FleetItem =
  | { readonly kind: 'device'; readonly key: string; readonly id: string }
  | { readonly kind: 'group'; readonly key: string; readonly name: string; readonly count: number };

/** The fleet, filtered, sorted and grouped as the address says: `?find=…&show=offline&sort=seen&group=site`. */
export class FleetList {
  readonly #router: Router;
  readonly #fleet: Fleet;
  readonly #clock: Clock;
  readonly #alerts: () => ReadonlyMap<string, number>;
  readonly #configs: () => ReadonlyMap<string, ConfigState>;
  readonly find = $derived.by(() => this.#router.route.query.get('find') ?? '');
  readonly show = $derived.by(() => oneOf(showNames, this.#router.route.query.get('show')) ?? 'all');
  readonly config = $derived.by(() => oneOf(configNames, this.#router.route.query.get('config')) ?? 'any');
  readonly sort = $derived.by(() => oneOf(sortNames, this.#router.route.query.get('sort')) ?? 'name');
  readonly group = $derived.by(() => this.#router.route.query.get('group') ?? '');

  /** Made anew once a second, and at once for another question: not with every reading of ten thousand devices. */
  readonly items = $derived.by((): readonly FleetItem[] => {
    void this.#clock.nowUs;
    void this.#fleet.ids;
    const { find, show, config, sort, group } = this;
    return untrack(() => this.#make(find.toLowerCase(), { show, config, sort, group }));
  });
  /** Keys of tags that devices can be gathered by. */
  readonly tagKeys = $derived.by((): readonly string[] => {
    void this.#fleet.ids;
    const keys = untrack(() => this.#fleet.all().flatMap((device) => Object.keys(device.tags)));
    return [...new Set(keys)].sort();
  });

  /** @param alerts firing alerts by device; `configs`: how far configurations have come, without those in `none` */
  constructor(options: {
    router: Router;
    fleet: Fleet;
    clock: Clock;
    alerts: () => ReadonlyMap<string, number>;
    configs: () => ReadonlyMap<string, ConfigState>;
  }) {
    this.#router = options.router;
    this.#fleet = options.fleet;
    this.#clock = options.clock;
    this.#alerts = options.alerts;
    this.#configs = options.configs;
  }

  /** Asks another question; an empty value is the default. */
  set(key: 'find' | 'show' | 'config' | 'sort' | 'group', value: string): void {
    const standard = { find: '', show: 'all', config: 'any', sort: 'name', group: '' }[key];
    this.#router.setQuery(
      (query) => {
        if (value === standard) query.delete(key);
        else query.set(key, value);
      },
      { replace: true },
    );
  }

  #make(
    find: string,
    about: { show: ShowName; config: ConfigName; sort: SortName; group: string },
  ): FleetItem[] {
    const devices = this.#fleet.all().filter((device) => this.#isShown(device, find, about));
    if (about.sort === 'seen') devices.sort((a, b) => (b.lastSeenUs ?? 0) - (a.lastSeenUs ?? 0));
    if (about.sort === 'status') devices.sort((a, b) => Number(a.online) - Number(b.online));
    if (about.group === '') return devices.map(({ id }) => ({ kind: 'device', key: id, id }));
    const groups = Map.groupBy(devices, (device) => groupOf(device, about.group));
    return [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, members]): FleetItem[] => [
        { kind: 'group', key: `group ${name}`, name, count: members.length },
        ...members.map(({ id }): FleetItem => ({ kind: 'device', key: id, id })),
      ]);
  }

  #isShown(
    device: DeviceSummary,
    find: string,
    { show, config }: { show: ShowName; config: ConfigName },
  ): boolean {
    if (show === 'online' && !device.online) return false;
    if (show === 'offline' && device.online) return false;
    if (show === 'alerts' && !this.#alerts().has(device.id)) return false;
    if (show === 'clock' && !hasClockTrouble(device)) return false;
    const state = this.#configs().get(device.id) ?? 'none';
    if (config !== 'any' && configGroups[state] !== config) return false;
    if (find === '') return true;
    const words = [device.id, ...Object.values(device.tags), ...device.sensors.map(({ type }) => type)];
    return words.some((word) => word.toLowerCase().includes(find));
  }
}

/** True where the times of a device are not to be trusted. */
export function hasClockTrouble({ clock, quarantined = 0 }: DeviceSummary): boolean {
  return quarantined > 0 || clock === 'unset' || clock === 'holdover';
}

/** What a device is gathered under: a tag, or `status`, or `type` for its first sensor's type. */
function groupOf(device: DeviceSummary, group: string): string {
  if (group === 'status') return device.online ? 'online' : 'offline';
  if (group === 'type') return device.sensors[0]?.type ?? '–';
  const tag = group.replace(/^tag:/, '');
  return device.tags[tag] ?? '–';
}

function oneOf<Name extends string>(names: readonly Name[], given: string | null): Name | undefined {
  return names.find((name) => name === given);
}
