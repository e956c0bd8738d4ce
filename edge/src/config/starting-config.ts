import type { Reported } from '@fieldline/protocol';
import type { AgentConfig } from './agent-config.ts';
import type { AppliedStore } from './applied-store.ts';
import { readDesired } from './desired-config.ts';

/** What an agent starts with. */
export interface StartingConfig {
  readonly config: AgentConfig;
  /** 0 for the local file. */
  readonly version: number;
  /** As it came from the gateway; undefined for the local file. */
  readonly source: unknown;
  /** What to report until something happens. */
  readonly answer: Pick<Reported, 'version' | 'state' | 'errors'>;
}

const interrupted = {
  path: '',
  reason: 'The agent ended before the gateway was reached; what ran before runs again.',
};

/**
 * The configuration that a device starts with: the last one of the gateway that proved itself, else the local
 * file. One that was still on trial when the agent ended may be why it ended: it is taken back.
 */
export async function startingConfig(store: AppliedStore, local: AgentConfig): Promise<StartingConfig> {
  const { running, trial } = store.state;
  if (trial) {
    const { version, digest } = trial;
    const answered = { version, digest, state: 'rolled-back' as const, errors: [interrupted] };
    // A disk that cannot be written now must not keep the device from starting: it is tried again next time.
    await store.save({ ...(running ? { running } : {}), answered }).catch(() => undefined);
  }
  const own = { config: local, version: 0, source: undefined };
  if (running === undefined) return { ...own, answer: answerOf(store, 0, local) };
  const outcome = readDesired(running.config, local.local);
  const { version } = running;
  if (!outcome.ok) return { ...own, answer: { version, state: 'rejected', errors: outcome.errors } };
  const { config } = outcome;
  return { config, version, source: running.config, answer: answerOf(store, version, local) };
}

/** The last answer stands; a local file that cannot run is told beside it. */
function answerOf(store: AppliedStore, version: number, local: AgentConfig): StartingConfig['answer'] {
  const { answered } = store.state;
  if (answered) {
    const { version: last, state, errors } = answered;
    return { version: last, state, errors: [...errors, ...local.errors] };
  }
  const isBroken = local.errors.length > 0 && version === 0;
  return { version, state: isBroken ? 'rejected' : 'applied', errors: [...local.errors] };
}
