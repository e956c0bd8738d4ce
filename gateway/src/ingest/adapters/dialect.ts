import { accepted, refused, type Result } from '@fieldline/protocol';
import type { DialectOptions } from '../../config/dialect-schema.ts';
import type { Adapter, DialectMessage, DialectReading, DialectReply } from './adapter.ts';
import { adapterRegistry } from './registry.ts';
import { fillTemplate, safeName } from './safe-name.ts';
import { TopicPattern } from './topic-pattern.ts';

/** Unit of what no one tells the unit of: a ratio or a count (RFC 8428, section 12.1). */
const unitless = '1';

/** A reading of a stream. */
export interface MappedReading {
  readonly device: string;
  /** The device as its messages call it, before its name was made safe. */
  readonly deviceAsNamed: string;
  readonly sensor: string;
  readonly type: string;
  readonly quantity: string;
  readonly unit: string;
  readonly timeUs: number;
  /** Undefined: something that is no number; counted as refused. */
  readonly value: number | undefined;
}

/** What a message says, as streams. */
export interface MappedContent {
  readonly readings: readonly MappedReading[];
  readonly isHistorical: boolean;
  readonly reply: DialectReply | undefined;
}

/** One account's way to speak: its topics, its adapter, and the streams that these become. */
export class Dialect {
  readonly account: string;
  readonly devicesMax: number;
  readonly #options: DialectOptions;
  readonly #patterns: readonly TopicPattern[];
  readonly #adapter: Adapter;

  /** Throws RangeError where a topic pattern is none. */
  constructor(options: DialectOptions) {
    this.account = options.account;
    this.devicesMax = options.devicesMax ?? 100;
    this.#options = options;
    this.#patterns = options.topics.map((pattern) => new TopicPattern(pattern));
    this.#adapter = adapterRegistry[options.format](options);
  }

  /** The names that this account's patterns take out of a topic; undefined where it may not publish there. */
  namesOf(topic: string): Record<string, string> | undefined {
    // Control characters would reach logs and names; MQTT allows a server to refuse them (section 1.5.3).
    if (/\p{Cc}/u.test(topic)) return undefined;
    for (const pattern of this.#patterns) {
      const names = pattern.match(topic);
      if (names) return names;
    }
    return undefined;
  }

  /** Whether this account may hear this topic: where its dialect answers its devices. */
  mayHear(topic: string): boolean {
    return this.#adapter.isReplyTopic?.(topic) === true;
  }

  /** The readings of a message; refused as DIALECT_UNREADABLE or DIALECT_NAME. */
  read(message: DialectMessage): Result<MappedContent> {
    const content = this.#adapter.read(message);
    if (!content.ok) return content;
    const { readings, isHistorical = false, reply } = content.value;
    const mapped: MappedReading[] = [];
    for (const reading of readings) {
      const each = this.#map(reading, { ...message.names, ...reading.names });
      if (typeof each === 'string') return refused('DIALECT_NAME', each);
      mapped.push(each);
    }
    return accepted({ readings: mapped, isHistorical, reply });
  }

  /** A sentence of what is wrong where a name cannot be made. */
  #map(reading: DialectReading, given: Record<string, string>): MappedReading | string {
    const {
      format,
      device = deviceTemplate(format),
      sensor = sensorTemplate(format),
      unit,
      units,
    } = this.#options;
    const names = { quantity: reading.quantity, ...given };
    const deviceAsNamed = fillTemplate(device, names);
    const sensorAsNamed = reading.sensor ?? fillTemplate(sensor, names) ?? fallbackSensor(format);
    if (deviceAsNamed === undefined) return `No name for ${JSON.stringify(device)}.`;
    if (sensorAsNamed === undefined) return `No name for ${JSON.stringify(sensor)}.`;
    const safe = {
      device: safeName(deviceAsNamed, 'device'),
      sensor: safeName(sensorAsNamed, 'other'),
      quantity: safeName(reading.quantity, 'other'),
    };
    const type = this.#typeOf(names, safe.sensor);
    if (!safe.device || !safe.sensor || !safe.quantity || !type) {
      const given = JSON.stringify([deviceAsNamed, sensorAsNamed, reading.quantity]).slice(0, 200);
      return `No valid names can be made of ${given}.`;
    }
    return {
      ...safe,
      device: safe.device,
      sensor: safe.sensor,
      quantity: safe.quantity,
      deviceAsNamed,
      type,
      unit: validUnit(units?.[reading.quantity] ?? units?.[safe.quantity] ?? reading.unit ?? unit),
      timeUs: reading.timeUs,
      value: reading.value,
    };
  }

  #typeOf(names: Record<string, string>, sensor: string | undefined): string | undefined {
    const { type } = this.#options;
    if (type === undefined) return sensor;
    return safeName(fillTemplate(type, names) ?? type, 'other');
  }
}

function deviceTemplate(format: DialectOptions['format']): string {
  return format === 'sparkplug' ? '{node}' : '{device}';
}

function sensorTemplate(format: DialectOptions['format']): string {
  if (format === 'sparkplug') return '{device}';
  return format === 'line-protocol' ? '{measurement}' : '{sensor}';
}

/** What a Sparkplug node says of itself belongs to no device behind it. */
function fallbackSensor(format: DialectOptions['format']): string | undefined {
  return format === 'sparkplug' ? 'node' : undefined;
}

function validUnit(unit: string | undefined): string {
  return unit !== undefined && /^[\x21-\x7e]{1,32}$/.test(unit) ? unit : unitless;
}
