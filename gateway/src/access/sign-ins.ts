import type { User } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import type { Counter } from '../parts.ts';
import { addressKey, AttemptLimit } from './attempt-limit.ts';
import type { UserRegistry } from './user-registry.ts';

const windowUs = 15 * 60_000_000;

/** Wrong passwords of one user, and from one address, in a quarter of an hour. */
export const signInLimits = {
  ofUser: { attempts: 10, windowUs, keys: 10_000 },
  ofAddress: { attempts: 30, windowUs, keys: 10_000 },
} as const;

/** What came of a sign-in. */
export type SignInOutcome =
  | { readonly kind: 'in'; readonly user: User }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'limited'; readonly waitUs: number };

/** How long somebody waits who came while too many passwords were being verified. */
const busyWaitUs = 1_000_000;

/** Signs people in by name and password, no faster than passwords may be guessed. */
export class SignIns {
  readonly #users: UserRegistry;
  readonly #ofUser: AttemptLimit;
  readonly #ofAddress: AttemptLimit;
  readonly #counts = { in: 0, wrong: 0, limited: 0 };

  constructor(users: UserRegistry, clock: Clock) {
    this.#users = users;
    this.#ofUser = new AttemptLimit(signInLimits.ofUser, clock);
    this.#ofAddress = new AttemptLimit(signInLimits.ofAddress, clock);
  }

  /** Judges a name and a password that came from `address`. */
  async signIn(name: string, password: string, address: string): Promise<SignInOutcome> {
    const outcome = await this.#judge(name, password, addressKey(address));
    this.#counts[outcome.kind] += 1;
    return outcome;
  }

  counters(): Counter[] {
    const samples = Object.entries(this.#counts).map(([outcome, value]) => ({ labels: { outcome }, value }));
    const help = 'Sign-ins by what came of them: in, wrong, or limited since there were too many.';
    return [{ name: 'fieldline_sign_ins_total', help, kind: 'counter', samples }];
  }

  async #judge(name: string, password: string, address: string): Promise<SignInOutcome> {
    const waitOfAddressUs = this.#ofAddress.take(address);
    if (waitOfAddressUs > 0) return { kind: 'limited', waitUs: waitOfAddressUs };
    const waitOfUserUs = this.#ofUser.take(name);
    if (waitOfUserUs > 0) return { kind: 'limited', waitUs: waitOfUserUs };
    const user = await this.#users.verify(name, password);
    if (user === 'wrong') return { kind: 'wrong' };
    this.#ofAddress.giveBack(address);
    this.#ofUser.giveBack(name);
    if (user === 'busy') return { kind: 'limited', waitUs: busyWaitUs };
    this.#users.signedIn(user.name);
    return { kind: 'in', user };
  }
}
