import type { SessionAnswer } from '@fieldline/protocol';
import { mount } from 'svelte';
import App from './App.svelte';
import { fetchSession } from './lib/api/session.ts';
import SessionBar from './lib/components/SessionBar.svelte';
import SignIn from './lib/components/SignIn.svelte';
import './lib/styles/fonts.css';
import './lib/styles/tokens.css';
import './lib/styles/base.css';

/** How often the page asks whether it is still signed in, in ms: an ended session shows the form again. */
const sessionCheckMs = 15_000;

const target = document.getElementById('app');
if (target) await start(target);

/** A gateway that does not answer is shown by the dashboard itself, which knows how to wait for it. */
async function start(target: HTMLElement): Promise<void> {
  const answer = await fetchSession();
  if (answer.ok && answer.value.role === null) {
    mount(SignIn, { target, props: { onSignedIn: reload } });
    return;
  }
  mount(App, { target });
  if (answer.ok) followSession(target, answer.value);
}

function followSession(target: HTMLElement, session: SessionAnswer): void {
  if (session.hasUsers) mount(SessionBar, { target, props: { session, onSignedOut: reload } });
  setInterval(() => {
    void fetchSession().then((now) => {
      if (now.ok && now.value.role === null) reload();
    });
  }, sessionCheckMs);
}

function reload(): void {
  location.reload();
}
