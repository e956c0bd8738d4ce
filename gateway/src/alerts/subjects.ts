import { StreamPatterns } from '../sinks/live/stream-pattern.ts';
import type { BookedRule } from './rule-book.ts';
import { emptyTrack, type Track } from './evaluate/track.ts';

/** Which of the two lanes of a device a track follows: each is in order by itself. */
export type Lane = 'live' | 'backlog';

/** One subject under one rule, in one lane. */
export interface Tracked {
  readonly booked: BookedRule;
  readonly subject: string;
  readonly lane: Lane;
  track: Track;
  unit: string | null;
  /** The open alert's number; undefined while there is none. */
  alert: number | undefined;
  /** When it was last given something, by the gateway's clock, µs. */
  heardAtUs: number;
}

/** What a rule follows: it decides which subjects are looked at. */
export type Follows = 'streams' | 'sensors' | 'devices' | 'ledger' | 'alarms' | 'stages';

/** What no batch tells of. */
export type WatchedByClock = Exclude<Follows, 'streams' | 'sensors'>;

/** What the rules of a kind of condition follow. */
export function followsOf({ rule: { condition } }: BookedRule): Follows {
  switch (condition.kind) {
    case 'geofence':
      return 'sensors';
    case 'silent-device':
      return 'devices';
    case 'ledger':
      return 'ledger';
    case 'device-alarm':
      return 'alarms';
    case 'stage':
      return 'stages';
    default:
      return 'streams';
  }
}

/** Whether the pattern of a rule names this subject. */
function covers({ rule: { condition } }: BookedRule, subject: string): boolean {
  switch (condition.kind) {
    case 'geofence':
      return condition.sensors === '*' || matchesParts(condition.sensors, subject);
    case 'silent-device':
    case 'ledger':
    case 'device-alarm':
      return condition.devices === '*' || condition.devices === subject;
    case 'stage':
      return condition.stages === '*' || condition.stages === subject;
    default:
      return new StreamPatterns([condition.streams]).matchesStream(subject);
  }
}

function matchesParts(pattern: string, subject: string): boolean {
  const parts = subject.split('/');
  return pattern.split('/').every((part, index) => part === '*' || part === parts[index]);
}

/** Key of a track. Subjects hold no line break. */
export function trackKey({ booked, subject, lane }: Pick<Tracked, 'booked' | 'subject' | 'lane'>): string {
  return `${booked.rule.id}\n${subject}\n${lane}`;
}

/** Every subject under every enabled rule. What nobody asks about costs one look into a map. */
export class Subjects {
  readonly #tracks = new Map<string, Tracked>();
  readonly #found = new Map<string, readonly Tracked[]>();
  readonly #tracksMax: number;
  #rules: ReadonlyMap<Follows, readonly BookedRule[]> = new Map();
  /** Subjects that were not taken up, for want of room. */
  left = 0;

  constructor(tracksMax: number) {
    this.#tracksMax = tracksMax;
  }

  /** Takes the rules as they are now. Tracks of rules that are gone or changed are given back, and forgotten. */
  setRules(rules: readonly BookedRule[]): Tracked[] {
    const kept = new Set(rules);
    const gone = [...this.#tracks.values()].filter(({ booked }) => !kept.has(booked));
    for (const tracked of gone) this.#tracks.delete(trackKey(tracked));
    this.#found.clear();
    const byWhat = new Map<Follows, BookedRule[]>();
    for (const rule of rules) {
      const follows = followsOf(rule);
      byWhat.set(follows, [...(byWhat.get(follows) ?? []), rule]);
    }
    this.#rules = byWhat;
    return gone;
  }

  /** Puts back a track that was saved. */
  restore(tracked: Tracked): void {
    this.#tracks.set(trackKey(tracked), tracked);
  }

  /** Whether any rule follows this. */
  anyFollow(follows: Follows): boolean {
    return this.#rules.has(follows);
  }

  /** The tracks of one subject in one lane; made where rules cover it. */
  of(follows: Follows, subject: string, lane: Lane = 'live'): readonly Tracked[] {
    const rules = this.#rules.get(follows);
    if (!rules) return none;
    const key = `${follows}\n${subject}\n${lane}`;
    const found = this.#found.get(key);
    if (found) return found;
    const tracks = rules
      .filter((rule) => covers(rule, subject))
      .flatMap((booked) => this.#take(booked, subject, lane) ?? []);
    if (this.#found.size >= 4 * this.#tracksMax) this.#found.clear();
    this.#found.set(key, tracks);
    return tracks;
  }

  /** Takes the tracks of one subject away, and gives them back. */
  forget(follows: Follows, subject: string): Tracked[] {
    const gone = [...this.#tracks.values()].filter(
      (tracked) => tracked.subject === subject && followsOf(tracked.booked) === follows,
    );
    for (const tracked of gone) this.#tracks.delete(trackKey(tracked));
    if (gone.length > 0) this.#found.clear();
    return gone;
  }

  /** Every track. */
  all(): IterableIterator<Tracked> {
    return this.#tracks.values();
  }

  #take(booked: BookedRule, subject: string, lane: Lane): Tracked | undefined {
    // A backlog cannot end a silence, and tells of none.
    if (lane === 'backlog' && booked.compiled.judge.kind === 'silence') return undefined;
    const made: Tracked = {
      booked,
      subject,
      lane,
      track: emptyTrack,
      unit: null,
      alert: undefined,
      heardAtUs: 0,
    };
    const key = trackKey(made);
    const known = this.#tracks.get(key);
    if (known) return known;
    if (this.#tracks.size >= this.#tracksMax) {
      this.left++;
      return undefined;
    }
    this.#tracks.set(key, made);
    return made;
  }
}

const none: readonly Tracked[] = [];
