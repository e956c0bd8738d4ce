import { agent } from './agent/agent.ts';
import { adc } from './adc/adc.ts';
import type { Driver } from './driver.ts';
import { gnss } from './gnss/gnss.ts';
import { http } from './http/http.ts';
import { hwmon } from './hwmon/hwmon.ts';
import { line } from './line/line.ts';
import { modbusRtu } from './modbus-rtu/modbus-rtu.ts';
import { thermometer } from './thermometer/thermometer.ts';
import { w1 } from './w1/w1.ts';

/** Every driver there is. A new one is its own folder and one line here. */
export const drivers: readonly Driver[] = [thermometer, gnss, adc, w1, hwmon, line, http, modbusRtu, agent];

/** The driver of that name. */
export function findDriver(name: string): Driver | undefined {
  return drivers.find((driver) => driver.name === name);
}
