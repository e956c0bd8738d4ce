import type { FlashPhase, FlashProgress } from '@fieldline/provision';

/** What takes long enough to be watched. */
type Phase = FlashPhase | 'upload';

const words: Readonly<Record<Phase, string>> = {
  upload: 'Uploading',
  write: 'Writing the image',
  inject: 'Putting agent and settings in',
  sync: 'Waiting for the card',
  verify: 'Reading back',
};

/** Says where the work is: `Writing the image  1.2 of 2.8 GB  43 MB/s  37 s left`. Made anew for each phase. */
export class PhaseLine {
  readonly #nowMs: () => number;
  #phase: Phase | undefined;
  #startedMs = 0;
  /** What was done before this phase began: the image is written in two parts. */
  #startBytes = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The line for `progress`. */
  text({ phase, bytes, total }: Omit<FlashProgress, 'phase'> & { readonly phase: Phase }): string {
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#startedMs = this.#nowMs();
      this.#startBytes = bytes;
    }
    const seconds = (this.#nowMs() - this.#startedMs) / 1000;
    const perSecond = seconds > 0 ? (bytes - this.#startBytes) / seconds : 0;
    const parts = [words[phase]];
    if (bytes > 0) parts.push(total === undefined ? size(bytes) : `${size(bytes)} of ${size(total)}`);
    if (seconds >= 1 && bytes > 0) parts.push(`${size(perSecond)}/s`);
    if (seconds >= 1 && total !== undefined && perSecond > 0)
      parts.push(`${Math.ceil((total - bytes) / perSecond)} s left`);
    return parts.join('  ');
  }
}

/** Bytes as people write them, in powers of ten as makers of cards count. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power] ?? ''}`;
}
