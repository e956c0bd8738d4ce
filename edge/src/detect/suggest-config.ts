import { stringify } from 'yaml';
import type { PortCandidate } from '../bindings/list-serial-ports.ts';
import type { ProbeOutcome } from './probe-port.ts';
import type { SensorFormat } from './recognition.ts';

/** A port and what was found at it. */
export interface Detection extends PortCandidate {
  readonly outcome: ProbeOutcome;
}

/** What a format is called, and the id that its sensor gets. */
const formats: Readonly<Record<SensorFormat, { readonly name: string; readonly id: string }>> = {
  nmea: { name: 'NMEA 0183', id: 'position' },
  mcu: { name: 'framed samples of a microcontroller', id: 'samples' },
  json: { name: 'JSON lines', id: 'sensor' },
  delimited: { name: 'numbers with separators', id: 'sensor' },
  thermometer: { name: 'lines of a thermometer', id: 'thermometer' },
  labelled: { name: 'lines with numbers', id: 'sensor' },
};

/** The entries of `sensors` for what was recognised, each with an id of its own, ready for the agent's file. */
export function suggestSensors(detections: readonly Detection[]): Map<Detection, Record<string, unknown>> {
  const used = new Set<string>();
  const sensors = new Map<Detection, Record<string, unknown>>();
  for (const detection of detections) {
    const { outcome, path } = detection;
    if (outcome.state !== 'recognised') continue;
    const { driver, settings } = outcome.recognition.sensor;
    const id = unusedId(formats[outcome.recognition.format].id, used);
    used.add(id);
    sensors.set(detection, { id, driver, port: path, baudRate: outcome.baudRate, ...settings });
  }
  return sensors;
}

/** Configuration as YAML; what was not recognised stands in it as a comment. */
export function suggestYaml(detections: readonly Detection[]): string {
  const sensors = suggestSensors(detections);
  const parts = detections.map((detection) => {
    const sensor = sensors.get(detection);
    const comment = describe(detection).map((line) => `  # ${line}\n`);
    return comment.join('') + (sensor === undefined ? '' : entryOf(sensor));
  });
  return `sensors:${sensors.size === 0 ? ' []' : ''}\n${parts.join('')}`.trimEnd();
}

/** What was found at a port, in lines for people. */
export function describe({ path, outcome }: Detection): string[] {
  switch (outcome.state) {
    case 'recognised':
      return describeSensor(path, outcome);
    case 'unknown':
      return [`${path}: I do not know. ${outcome.sizeBytes} bytes came, which fit no format at any rate.`];
    case 'silent':
      return [`${path}: nothing came at any rate. A slow sensor needs a longer --wait.`];
    case 'failed':
      return [outcome.message];
  }
}

function describeSensor(path: string, outcome: ProbeOutcome & { state: 'recognised' }): string[] {
  const { baudRate, recognition } = outcome;
  const lines = [
    `${path}: ${formats[recognition.format].name} at ${baudRate} baud, such as: ${recognition.sample}`,
  ];
  const isUnsure = recognition.quantities.some(({ unit }) => unit === '/');
  if (isUnsure) lines.push('Names and units are guesses: say what the numbers are.');
  if (recognition.format === 'thermometer' && /^[\d\s.+-]+$/.test(recognition.sample))
    lines.push('A bare number: taken for degrees Celsius.');
  return lines;
}

function entryOf(sensor: Record<string, unknown>): string {
  const text = stringify([sensor], { lineWidth: 0, flowCollectionPadding: true });
  return text.replaceAll(/^(?=.)/gm, '  ');
}

function unusedId(wanted: string, used: ReadonlySet<string>): string {
  for (let number = 2, id = wanted; ; number++) {
    if (!used.has(id)) return id;
    id = `${wanted}-${number}`;
  }
}
