import type { Ledger } from '../ledger/ledger.ts';
import type { SealedSensors } from './draft-maker.ts';

const memoryFull = 'memory-full';

/** When memory had no room for readings while the outbox could not be written: becomes one gap of each sensor. */
export class MemoryLosses {
  readonly #lost = new Map<string, number>();
  readonly #gaps = new Map<string, { fromUs: number; toUs: number }>();
  #lookedAtUs: number;

  constructor(nowUs: number) {
    this.#lookedAtUs = nowUs;
  }

  /** Looks which sensors have lost readings since the last look. Called at every flush. */
  look(ledger: Ledger, nowUs: number): void {
    for (const [name, reasons] of Object.entries(ledger.reasons())) {
      const lost = reasons[memoryFull] ?? 0;
      if (lost === (this.#lost.get(name) ?? 0)) continue;
      this.#lost.set(name, lost);
      const sensor = name.slice(0, name.indexOf('/'));
      const fromUs = Math.min(this.#gaps.get(sensor)?.fromUs ?? this.#lookedAtUs, this.#lookedAtUs);
      this.#gaps.set(sensor, { fromUs, toUs: nowUs });
    }
    this.#lookedAtUs = nowUs;
  }

  /** The outbox can be written again: gives the gaps to their sensors. */
  declare(sensors: SealedSensors): void {
    for (const [sensor, { fromUs, toUs }] of this.#gaps) {
      if (fromUs < toUs) sensors.pipeline(sensor)?.gap(fromUs, toUs, memoryFull);
    }
    this.#gaps.clear();
  }
}
