import { isDeepStrictEqual } from 'node:util';
import { SerialLine, type SerialContext, type SerialCounters, type SerialEvents } from './serial-line.ts';
import type { SerialSettings } from './serial-settings.ts';

/** One receiver's hold on a line. */
export interface LineHold {
  readonly counters: SerialCounters;
  /** Lets go: its receiver hands over what it had begun. The last one closes the line. */
  stop(): Promise<void>;
}

interface Shared {
  readonly settings: SerialSettings;
  readonly line: SerialLine;
  readonly receivers: Set<SerialEvents>;
  /** Joined an open line, and have had no byte of it: their first one may stand in the middle of a frame. */
  readonly joining: Set<SerialEvents>;
}

/**
 * The serial lines of one sensor. While its driver changes, the old and the new one listen to the same open
 * line: a change of configuration that leaves the line's settings alone neither closes it nor loses a byte.
 */
export class SharedLines {
  readonly #context: SerialContext;
  #lines: Shared[] = [];

  constructor(context: SerialContext) {
    this.#context = context;
  }

  /** Joins the open line of these settings, or opens one. */
  open(settings: SerialSettings, events: SerialEvents): LineHold {
    const known = this.#lines.find((each) => isDeepStrictEqual(each.settings, settings));
    const shared = known ?? this.#openNew(settings);
    shared.receivers.add(events);
    if (known) shared.joining.add(events);
    return { counters: shared.line.counters, stop: () => this.#leave(shared, events) };
  }

  #openNew(settings: SerialSettings): Shared {
    const receivers = new Set<SerialEvents>();
    const joining = new Set<SerialEvents>();
    const line = new SerialLine(
      settings,
      {
        bytes: (chunk, atUs, midway) =>
          receivers.forEach((each) => each.bytes(chunk, atUs, joining.delete(each) || midway)),
        reset: (atUs) => receivers.forEach((each) => each.reset(atUs)),
        gap: (fromUs, toUs, reason) => receivers.forEach((each) => each.gap(fromUs, toUs, reason)),
      },
      this.#context,
    );
    const shared = { settings, line, receivers, joining };
    this.#lines.push(shared);
    return shared;
  }

  async #leave(shared: Shared, events: SerialEvents): Promise<void> {
    if (!shared.receivers.has(events)) return;
    if (shared.receivers.size > 1) {
      shared.receivers.delete(events);
      events.reset(this.#context.clock.nowUs());
      return;
    }
    this.#lines = this.#lines.filter((each) => each !== shared);
    await shared.line.stop();
    shared.receivers.clear();
  }
}
