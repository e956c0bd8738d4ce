import { FieldlineError } from '@fieldline/protocol';
import { seededRandom, type Random } from '../random/seeded-random.ts';
import { cobsEncode } from './cobs.ts';
import { crc16 } from './crc16.ts';
import type { Frame, Sensor } from './frame.ts';

/** The stream of a microcontroller's ADC. */
export interface AdcOptions {
  /** Sample sets a second, 1 to 100,000. */
  readonly ratePerSec?: number;
  /** 1 to 8. */
  readonly channels?: number;
  /** Sample sets a frame, 1 to 500. */
  readonly block?: number;
  readonly seed?: number;
  /** Counter of the first sample set; it wraps at 2^32. */
  readonly firstCounter?: number;
}

/** One channel's signal: what a shaft with a slight imbalance looks like to a vibration pick-up. */
interface Signal {
  readonly offsetV: number;
  readonly sines: readonly { readonly hz: number; readonly volts: number; readonly phase: number }[];
  readonly driftV: number;
  readonly driftSeconds: number;
  readonly noiseV: number;
}

const VERSION = 1;
const TYPE_SAMPLES = 1;
const HEADER_BYTES = 16;
/** Volts per count: a 16-bit converter of ±3.2768 V. */
const SCALE_V = Math.fround(0.0001);
const INT16_MAX = 32767;
const NS_PER_S = 1e9;

/**
 * A microcontroller that samples voltages and streams them: COBS(payload ‖ CRC-16 LE) ‖ 0x00, the payload being
 * u8 version, u8 type, u8 channels, u8 0, u32 counter of the first set, u32 interval ns, f32 volts per count,
 * int16 samples interleaved by channel, all little endian. Quantities of the oracle: `ch0`, `ch1`, … in volts.
 */
export function createAdc(options: AdcOptions = {}): Sensor {
  const { ratePerSec = 1000, channels = 1, block = 50, seed = 1, firstCounter = 0 } = options;
  requireRange('--rate', ratePerSec, 1, 100_000);
  requireRange('--channels', channels, 1, 8);
  requireRange('--block', block, 1, 500);
  const random = seededRandom(seed);
  const signals = Array.from({ length: channels }, (): Signal => drawSignal(random));
  let taken = 0;
  const next = () => {
    const samples = new Int16Array(block * channels);
    for (let set = 0; set < block; set += 1) {
      const seconds = (taken + set) / ratePerSec;
      signals.forEach((signal, channel) => {
        const volts = voltsAt(signal, seconds) + signal.noiseV * random.normal();
        samples[set * channels + channel] = clampCount(volts / SCALE_V);
      });
    }
    const frame = encodeSamples({ samples, channels, counter: firstCounter + taken, ratePerSec });
    taken += block;
    return { frame, untilNextMs: (1000 * block) / ratePerSec };
  };
  return { kind: 'adc', terminator: Uint8Array.of(0), next };
}

function drawSignal(random: Random): Signal {
  return {
    offsetV: 1.2 + 0.4 * random.uniform(),
    sines: [
      { hz: 0.2, volts: 0.3, phase: random.uniform() * 2 * Math.PI },
      { hz: 25, volts: 0.25, phase: random.uniform() * 2 * Math.PI },
      { hz: 50, volts: 0.05, phase: random.uniform() * 2 * Math.PI },
    ],
    driftV: 0.2,
    driftSeconds: 300,
    noiseV: 0.02,
  };
}

function voltsAt(signal: Signal, seconds: number): number {
  let volts = signal.offsetV + signal.driftV * Math.sin((2 * Math.PI * seconds) / signal.driftSeconds);
  for (const sine of signal.sines)
    volts += sine.volts * Math.sin(2 * Math.PI * sine.hz * seconds + sine.phase);
  return volts;
}

function clampCount(count: number): number {
  return Math.max(-INT16_MAX - 1, Math.min(INT16_MAX, Math.round(count)));
}

function encodeSamples(set: {
  samples: Int16Array;
  channels: number;
  counter: number;
  ratePerSec: number;
}): Frame {
  const { samples, channels } = set;
  const body = Buffer.alloc(HEADER_BYTES + 2 * samples.length + 2);
  body.writeUInt8(VERSION, 0);
  body.writeUInt8(TYPE_SAMPLES, 1);
  body.writeUInt8(channels, 2);
  body.writeUInt32LE(set.counter % 2 ** 32, 4);
  body.writeUInt32LE(Math.round(NS_PER_S / set.ratePerSec), 8);
  body.writeFloatLE(SCALE_V, 12);
  samples.forEach((sample, index) => body.writeInt16LE(sample, HEADER_BYTES + 2 * index));
  body.writeUInt16LE(crc16(body.subarray(0, -2)), body.length - 2);
  return {
    bytes: Buffer.concat([cobsEncode(body), Uint8Array.of(0)]),
    readings: voltsByChannel(samples, channels),
  };
}

function voltsByChannel(samples: Int16Array, channels: number): Record<string, number[]> {
  const readings: Record<string, number[]> = {};
  for (let channel = 0; channel < channels; channel += 1) {
    readings[`ch${channel}`] = Array.from(
      samples.filter((_, index) => index % channels === channel),
      (count) => count * SCALE_V,
    );
  }
  return readings;
}

function requireRange(flag: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new FieldlineError('SIMULATOR_BAD_OPTION', {
    subject: `${flag} ${value}`,
    detail: `It is a whole number from ${least} to ${most}.`,
  });
}
