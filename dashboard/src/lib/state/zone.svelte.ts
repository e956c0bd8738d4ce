import type { ZoneChoice } from '../format/times.ts';
import type { Router } from './router.svelte.ts';
import { readZone } from './time-address.ts';

const storageKey = 'fieldline.zone';

/** Whose clock face times are written by: the address says it, else what this browser remembers, else local. */
export class Zone {
  readonly #router: Router;
  #remembered = $state<ZoneChoice>(readRemembered());

  constructor(router: Router) {
    this.#router = router;
  }

  get choice(): ZoneChoice {
    return readZone(this.#router.route.query) ?? this.#remembered;
  }

  /** The reader's own zone by its name, or UTC. */
  get name(): string {
    return this.choice === 'utc' ? 'UTC' : new Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  /** Local, UTC, and back; remembered by this browser and by the address. */
  change(): void {
    const next = this.choice === 'utc' ? 'local' : 'utc';
    this.#remembered = next;
    this.#router.setQuery((query) => query.set('tz', next), { replace: true });
    try {
      localStorage.setItem(storageKey, next);
    } catch {
      // Storage is switched off: the address still says it.
    }
  }
}

function readRemembered(): ZoneChoice {
  try {
    return localStorage.getItem(storageKey) === 'utc' ? 'utc' : 'local';
  } catch {
    return 'local';
  }
}
