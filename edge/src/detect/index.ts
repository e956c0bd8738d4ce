export { detectSensors, type DetectOptions } from './detect.ts';
export { usualBaudRates, type ProbeOutcome } from './probe-port.ts';
export { suggestSensors, suggestYaml, type Detection } from './suggest-config.ts';
