import { mount } from 'svelte';
import App from './App.svelte';
import SignIn from './lib/components/SignIn.svelte';
import { Session } from './lib/state/session.svelte.ts';
import './lib/styles/fonts.css';
import './lib/styles/tokens.css';
import './lib/styles/base.css';
import './lib/styles/buttons.css';

const target = document.getElementById('app');
if (target) await start(target);

/** A gateway that does not answer is shown by the dashboard itself, which knows how to wait for it. */
async function start(target: HTMLElement): Promise<void> {
  const session = new Session();
  await session.check();
  if (session.isSignedOut) mount(SignIn, { target, props: { onSignedIn: () => location.reload() } });
  else mount(App, { target, props: { session } });
}
