/** What a sensor was found to speak. */
export type SensorFormat = 'nmea' | 'mcu' | 'json' | 'delimited' | 'thermometer' | 'labelled';

/** One quantity that the sensor will yield, with a unit of the SenML registry; `/` where it is not known. */
export interface SuggestedQuantity {
  readonly quantity: string;
  readonly unit: string;
}

/** A sensor of a configuration, but for its id, port and baud rate. */
export interface SuggestedSensor {
  readonly driver: string;
  /** Keys of the driver. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A format, on the strength of several whole frames. */
export interface Recognition {
  readonly format: SensorFormat;
  readonly frames: number;
  /** A frame as it came, for people. */
  readonly sample: string;
  readonly quantities: readonly SuggestedQuantity[];
  readonly sensor: SuggestedSensor;
}

/** A recognition; `promising`: what came fits so far, but is not enough; `noise`: it fits nothing. */
export type Hearing =
  | { readonly state: 'recognised'; readonly recognition: Recognition }
  | { readonly state: 'promising' }
  | { readonly state: 'noise' };

/** A hearing that fits so far. */
export const promising: Hearing = { state: 'promising' };
/** A hearing that fits nothing. */
export const noise: Hearing = { state: 'noise' };

/** The longest sample, in characters. */
const sampleMaxLength = 80;

/** A hearing that is sure. */
export function recognised(recognition: Recognition): Hearing {
  return {
    state: 'recognised',
    recognition: { ...recognition, sample: recognition.sample.slice(0, sampleMaxLength) },
  };
}
