import type { Result } from '@fieldline/protocol';
import type { Static, TObject, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { refused } from '@fieldline/protocol';
import type { Clock } from '../bindings/clock.ts';
import type { Timers } from '../bindings/timers.ts';
import type { SerialSettings } from '../bindings/serial-settings.ts';
import type { Poll, PollPlan } from '../polling/poller.ts';
import type { SelfFigures } from './agent/self-figures.ts';

/** One quantity that a driver can yield, with its unit from the SenML registry. */
export interface QuantityPlan {
  readonly quantity: string;
  readonly unit: string;
}

/** What a sensor will yield, known before it is started. */
export interface SensorPlan {
  /** The columns of every block that the driver emits, in this order. */
  readonly quantities: readonly QuantityPlan[];
  /** `none` for raw readings, or the length of the windows, where the configuration says nothing. */
  readonly window: string;
  /** Whether windows carry a sketch, where the configuration says nothing. */
  readonly sketch: boolean;
  /** How long after its end a window waits for readings, where the configuration says nothing. */
  readonly lateness: string;
}

/**
 * One value a row and quantity; `undefined` where a quantity is absent from the whole block. A value that is
 * not finite is a reading that will be filtered and counted: it does not mean absence.
 */
export type Columns = readonly (Float64Array | undefined)[];

/** Bytes of a serial line, in the order of arrival. */
export interface ByteReceiver {
  /** `atUs`: when the chunk arrived. `midway`: it may begin in the middle of a frame. */
  bytes(chunk: Uint8Array, atUs: number, midway: boolean): void;
  /** The line was opened again, or is about to close: what was begun will not be continued. */
  reset(atUs: number): void;
}

/**
 * What the agent does for a driver. A driver never buffers, retries or stamps its own statistics: it turns
 * bytes or samples into blocks of readings. All calls come from one thread, never concurrently.
 */
export interface DriverHost {
  readonly clock: Clock;
  readonly timers: Timers;
  /**
   * Hands over readings: times in µs UTC, and one column a quantity of the plan, all of equal length. The
   * arrays are used during the call only (and may be overwritten by it), so a driver may use them again. `doubt`:
   * why the readings of this block are uncertain.
   */
  emit(t: Float64Array, columns: Columns, doubt?: string): void;
  /** Counts bytes or frames that are no readings, under a reason such as `bad-checksum`. */
  discard(reason: string, sizeBytes: number): void;
  /** Records that there are no readings from here to there (µs UTC), because. */
  gap(fromUs: number, toUs: number, reason: string): void;
  /** The source gives the time: it was `utcUs` when the clock said `atUs` (µs). For receivers that set the device's clock. */
  tellTime?(utcUs: number, atUs: number): void;
  /** Opens a serial line and keeps it open, whatever happens to it. */
  openSerial(settings: SerialSettings, receiver: ByteReceiver): void;
  /** Asks an instrument as planned, never twice at once; what `poll` throws is counted, logged once a series, and becomes a gap. */
  poll(plan: PollPlan, poll: Poll): void;
  /** What the agent around it knows of itself; absent where none runs. */
  readonly self?: (() => SelfFigures) | undefined;
}

/** A driver at work. */
export interface RunningDriver {
  /** Called once, before the ports close. */
  stop(): void;
  /** What it measured of its source, for the command `stats`: plain figures, cheap to ask for. */
  figures?(): object;
}

/** A driver with the settings of one sensor. */
export interface BoundDriver {
  readonly plan: SensorPlan;
  /** Starts reading; the host ends what was opened. */
  start(host: DriverHost): RunningDriver;
}

/** An entry of the registry: what the agent knows of a driver. */
export interface Driver {
  readonly name: string;
  /** The driver's own keys of a sensor's configuration: unknown keys are refused. */
  readonly settings: TObject;
  /** Checks the settings of one sensor against the schema and what the schema cannot say. */
  bind(settings: unknown): Result<BoundDriver>;
}

/** A driver as its folder writes it: typed by its schema of settings. */
export interface DriverDefinition<Settings extends TObject> {
  readonly name: string;
  readonly settings: Settings;
  bind(settings: Static<Settings>): Result<BoundDriver>;
}

/** Turns a definition into an entry of the registry: the settings are checked before the driver sees them. */
export function defineDriver<Settings extends TObject>(definition: DriverDefinition<Settings>): Driver {
  const { name, settings } = definition;
  return { name, settings, bind: (input) => bindChecked(settings, input, (value) => definition.bind(value)) };
}

function bindChecked<Schema extends TSchema>(
  schema: Schema,
  input: unknown,
  bind: (value: Static<Schema>) => Result<BoundDriver>,
): Result<BoundDriver> {
  const filled = Value.Default(schema, structuredClone(input));
  if (!Value.Check(schema, filled)) {
    const error = Value.Errors(schema, filled)[0];
    return refused('CONFIG_INVALID_VALUE', `${error?.instancePath ?? ''} ${error?.message ?? ''}`.trim());
  }
  return bind(filled);
}
