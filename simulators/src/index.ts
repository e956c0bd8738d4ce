export { systemClock, type Clock } from './clock.ts';
export { faultKinds, parseFaults, type FaultPlan } from './faults/fault-plan.ts';
export { runSensor, type RunSensorOptions } from './run-sensor.ts';
export { createAdc, type AdcOptions } from './sensors/adc.ts';
export type { Frame, Readings, Sensor } from './sensors/frame.ts';
export { createGnss, gnssRecordings, type GnssOptions } from './sensors/gnss.ts';
export {
  createThermometer,
  thermometerFormats,
  type ThermometerFormat,
  type ThermometerOptions,
} from './sensors/thermometer.ts';
export type { RecordLine } from './record/recorder.ts';
export { VirtualSensor, type SensorTotals, type VirtualSensorOptions } from './virtual-sensor.ts';
export { runFleet, type FleetCredential, type FleetOptions, type FleetTotals } from './fleet/fleet.ts';
