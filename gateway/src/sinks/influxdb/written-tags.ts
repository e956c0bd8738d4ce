import type { DeviceTags } from './series-cache.ts';

/** The devices' own tags as they were written last: part of the names of their points. */
export class WrittenTags {
  readonly #tags: Record<string, DeviceTags>;

  constructor(state: Readonly<Record<string, DeviceTags>> = {}) {
    this.#tags = { ...state };
  }

  of(device: string): DeviceTags {
    return this.#tags[device] ?? noTags;
  }

  /** Takes over the tags that the devices of these entries have now; answers whether some differ from those before. */
  note(
    entries: readonly { readonly batch: { readonly device: string } }[],
    tagsOf: (device: string) => DeviceTags,
  ): boolean {
    let changed = false;
    for (const device of new Set(entries.map(({ batch }) => batch.device))) {
      const tags = tagsOf(device);
      if (sameTags(tags, this.of(device))) continue;
      this.#tags[device] = { ...tags };
      changed = true;
    }
    return changed;
  }

  /** For the state file. */
  state(): Readonly<Record<string, DeviceTags>> {
    return this.#tags;
  }
}

const noTags: DeviceTags = {};

function sameTags(a: DeviceTags, b: DeviceTags): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
