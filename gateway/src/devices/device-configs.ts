import { Desired, type ConfigState, type DeviceConfigAnswer, type Reported } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import type { Clock } from '../clock.ts';

/** A device that has been given a configuration and has not answered for so long is not going to, in µs. */
export const answerWithinUs = 180_000_000;

/** What the registry keeps of configurations, as JSON of the messages. */
export interface ConfigRecords {
  desired(device: string): string | null;
  reported(device: string): Reported | null;
  /** Keeps it durably, and has it handed out. Throws what SQLite throws. */
  setDesired(device: string, json: string): void;
}

/** What came of setting a desired configuration. */
export type ConfigSet =
  | { readonly ok: true; readonly version: number }
  /** Somebody else has changed it meanwhile. */
  | { readonly ok: false; readonly current: DeviceConfigAnswer };

/**
 * What the gateway wants each device to run, and how far that has come. Whether a configuration is right only
 * its device can tell; here it is kept, numbered and handed out.
 */
export class DeviceConfigs {
  readonly #records: ConfigRecords;
  readonly #clock: Clock;
  /** Devices with an open session that has asked for its configuration. */
  readonly #listening = new Set<string>();
  /** When the newest desired configuration was sent over such a session, by device. */
  readonly #delivered = new Map<string, { version: number; atUs: number }>();

  constructor(records: ConfigRecords, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  /** Desired, reported and state of a device, without passwords. */
  get(device: string): DeviceConfigAnswer {
    const desired = this.#desired(device);
    const reported = this.#records.reported(device);
    return {
      device,
      state: this.#stateOf(device, desired?.version),
      desired: desired && { ...desired, config: withoutPassword(desired.config) },
      reported,
    };
  }

  /** The state alone, without a look at the configuration: for ten thousand devices at once. */
  state(device: string): ConfigState {
    const json = this.#records.desired(device);
    // `set` writes the version first.
    const version = Number(/^\{"version":(\d+),/.exec(json ?? '')?.[1] ?? NaN);
    return this.#stateOf(device, Number.isNaN(version) ? undefined : version);
  }

  /**
   * Sets what a device shall run, under the next version. `basedOn`: the version that the change was made from,
   * 0 for none; where it is no longer the newest, nothing is changed. A password that is left out stays.
   */
  set(device: string, config: Record<string, unknown>, basedOn: number | undefined): ConfigSet {
    const current = this.#desired(device);
    const currentVersion = current?.version ?? 0;
    if (basedOn !== undefined && basedOn !== currentVersion) return { ok: false, current: this.get(device) };
    const version = Math.max(currentVersion, this.#records.reported(device)?.version ?? 0) + 1;
    const whole = withKeptPassword(config, current?.config);
    this.#records.setDesired(device, JSON.stringify({ version, config: whole }));
    if (this.#listening.has(device)) this.#noteDelivery(device, version);
    return { ok: true, version };
  }

  /** A device has asked for its configuration: the broker hands it out, now and at each change. */
  listening(device: string): void {
    this.#listening.add(device);
    const desired = this.#desired(device);
    if (desired) this.#noteDelivery(device, desired.version);
  }

  /** The session of a device has ended. */
  left(device: string): void {
    this.#listening.delete(device);
  }

  /** The first time counts: a device that comes back again and again has not been asked again. */
  #noteDelivery(device: string, version: number): void {
    if (this.#delivered.get(device)?.version === version) return;
    this.#delivered.set(device, { version, atUs: this.#clock.nowUs() });
  }

  #desired(device: string): Desired | null {
    const json = this.#records.desired(device);
    return json === null ? null : (parseDesired(json) ?? null);
  }

  /** @param version the desired one; undefined where nobody wants one */
  #stateOf(device: string, version: number | undefined): ConfigState {
    if (version === undefined) return 'none';
    const reported = this.#records.reported(device);
    if (reported?.version === version) return reported.state;
    const delivered = this.#delivered.get(device);
    if (delivered?.version !== version) return 'waiting';
    return this.#clock.nowUs() - delivered.atUs > answerWithinUs ? 'timed-out' : 'delivered';
  }
}

function parseDesired(json: string): Desired | undefined {
  try {
    const message: unknown = JSON.parse(json);
    return Value.Check(Desired, message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function withoutPassword(config: unknown): unknown {
  if (!isObject(config) || !isObject(config['gateway'])) return config;
  const { password: _password, ...gateway } = config['gateway'];
  return { ...config, gateway };
}

/** Passwords are never shown, so an edited configuration comes back without them. */
function withKeptPassword(config: Record<string, unknown>, last: unknown): Record<string, unknown> {
  const { gateway } = config;
  const before = isObject(last) && isObject(last['gateway']) ? last['gateway'] : {};
  if (!isObject(gateway) || gateway['password'] !== undefined || before['password'] === undefined)
    return config;
  if (gateway['url'] !== before['url']) return config;
  return { ...config, gateway: { ...gateway, password: before['password'] } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
