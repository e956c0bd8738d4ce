import { randomUUID } from 'node:crypto';
import type { CommandReply } from '@fieldline/protocol';

/** Commands that may wait for their replies at once, over all devices. */
export const pendingCommandsMax = 1000;

/** What came of a command. */
export type CommandOutcome =
  | { readonly kind: 'replied'; readonly reply: CommandReply }
  /** The device was not there before the deadline. */
  | { readonly kind: 'away' }
  /** It was, and did not answer. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'busy' };

interface Pending {
  readonly device: string;
  readonly json: string;
  isSent: boolean;
  readonly settle: (outcome: CommandOutcome) => void;
}

/**
 * Commands to devices. One to a device that is away waits for it until its deadline, since sessions are clean
 * and the broker keeps nothing for a client that is not there.
 */
export class DeviceCommands {
  readonly #pending = new Map<string, Pending>();
  readonly #listening = new Set<string>();
  /** Set by who has something for devices that come: called when one listens. */
  onListening: (device: string) => void = () => undefined;
  /** Set by the broker: publishes on a device's command topic. */
  publish: (device: string, json: string) => void = () => undefined;

  /** Sends a command and waits for its reply. */
  send(
    device: string,
    command: { readonly name: string; readonly args: unknown },
    deadlineMs: number,
  ): Promise<CommandOutcome> {
    if (this.#pending.size >= pendingCommandsMax) return Promise.resolve({ kind: 'busy' });
    const id = randomUUID();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const { isSent } = pending;
        pending.settle({ kind: isSent ? 'unanswered' : 'away' });
      }, deadlineMs);
      const settle = (outcome: CommandOutcome): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(outcome);
      };
      const pending: Pending = { device, json: JSON.stringify({ id, ...command }), isSent: false, settle };
      this.#pending.set(id, pending);
      if (this.#listening.has(device)) this.#sendNow(pending);
    });
  }

  /** A device has subscribed to its commands: what waits for it goes out. */
  listening(device: string): void {
    this.#listening.add(device);
    for (const pending of this.#pending.values()) {
      if (pending.device === device && !pending.isSent) this.#sendNow(pending);
    }
    this.onListening(device);
  }

  /** The session of a device has ended: what it has not answered is sent again when it is back. */
  left(device: string): void {
    this.#listening.delete(device);
    for (const pending of this.#pending.values()) if (pending.device === device) pending.isSent = false;
  }

  /** A device has replied; a reply to nothing, or to another device's command, is ignored. */
  replied(device: string, reply: CommandReply): void {
    const pending = this.#pending.get(reply.id);
    if (pending?.device === device) pending.settle({ kind: 'replied', reply });
  }

  #sendNow(pending: Pending): void {
    pending.isSent = true;
    this.publish(pending.device, pending.json);
  }
}
