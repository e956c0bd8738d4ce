/** What starts a burst. */
export type TriggerPlan =
  /** The value reaches `level` from below (`rising`) or above, after it was beyond `level` by `hysteresis`. */
  | {
      readonly kind: 'level';
      readonly level: number;
      readonly hysteresis: number;
      readonly edge: 'rising' | 'falling';
    }
  /** From one sample to the next it rises (or, where negative, falls) by this much a second or more. */
  | { readonly kind: 'slope'; readonly perSec: number }
  /** It lies this many standard deviations from the running mean, both over about `samples` samples. */
  | { readonly kind: 'z-score'; readonly z: number; readonly samples: number };

/** How bursts of one stream are captured. */
export interface BurstPlan {
  /** How much before and after the trigger is sent, in microseconds. */
  readonly beforeUs: number;
  readonly afterUs: number;
  /** Samples that the ring holds; each costs 16 bytes. */
  readonly ringSamples: number;
  /** None: bursts come by command only. */
  readonly trigger: TriggerPlan | undefined;
}
