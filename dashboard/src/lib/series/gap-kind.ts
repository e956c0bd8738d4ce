/** What a gap means to who looks at it; each kind has its own pattern. */
export type GapKind = 'silent' | 'offline' | 'lost' | 'clock' | 'late';

/** Words in reasons, as agents and the gateway give them, and the kind they point to. The first that fits wins. */
const kinds: readonly (readonly [RegExp, GapKind])[] = [
  [/clock|unset/, 'clock'],
  [/lost|full|dropped|missed|discard|overflow|refused/, 'lost'],
  [/offline|unplug|restart|stopped|closed|unreachable|down/, 'offline'],
];

/** The kind of a gap by its reason; what nobody has explained, and reasons unknown here, are silence. */
export function gapKind(reason: string): GapKind {
  return kinds.find(([words]) => words.test(reason))?.[1] ?? 'silent';
}
