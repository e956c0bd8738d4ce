import { calibrate } from './calibrate/calibrate.ts';
import { deadband } from './deadband/deadband.ts';
import { dedupe } from './dedupe/dedupe.ts';
import type { TransformEntry } from './definition.ts';
import { join } from './join/join.ts';
import { privacy } from './privacy/privacy.ts';
import { range } from './range/range.ts';
import { rate } from './rate/rate.ts';
import { spike } from './spike/spike.ts';
import { stuck } from './stuck/stuck.ts';
import { swingingDoor } from './swinging-door/swinging-door.ts';
import { units } from './units/units.ts';

/** Every transform there is. A new one is its own folder and one line here. */
export const transforms: readonly TransformEntry[] = [
  calibrate,
  units,
  range,
  spike,
  stuck,
  deadband,
  swingingDoor,
  dedupe,
  rate,
  join,
  privacy,
];

/** The transform of that name. */
export function findTransform(name: string): TransformEntry | undefined {
  return transforms.find((transform) => transform.name === name);
}
