import type { SessionAnswer } from '@fieldline/protocol';
import { refusedEvent } from '../api/gateway-client.ts';
import { fetchSession } from '../api/session.ts';

/** How often the page asks whether it is still signed in, in ms; it also asks whenever it is refused. */
const checkPauseMs = 15_000;

/** Who uses this page, as the gateway says. */
export class Session {
  /** Undefined before the gateway's first answer. */
  answer = $state.raw<SessionAnswer | undefined>();
  /** Who was here last: the form that asks again names them. */
  lastName = '';
  /** Whether somebody has to sign in before anything is shown. */
  readonly isSignedOut = $derived(this.answer?.role === null);

  /** Asks who this is. A gateway that does not answer changes nothing. */
  async check(): Promise<void> {
    const answer = await fetchSession();
    if (!answer.ok) return;
    if (answer.value.role !== null) this.lastName = answer.value.name;
    this.answer = answer.value;
  }

  /** Follows the session until the returned function is called. */
  start(): () => void {
    const check = () => void this.check();
    const timer = setInterval(check, checkPauseMs);
    addEventListener(refusedEvent, check);
    return () => {
      clearInterval(timer);
      removeEventListener(refusedEvent, check);
    };
  }
}
