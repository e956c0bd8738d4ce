import { accepted, FieldlineError, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { readSysfs } from '../../bindings/sysfs.ts';
import { listTemperatureInputs, sysClassRootDefault } from '../../bindings/temperature-inputs.ts';
import type { PollPlan } from '../../polling/poller.ts';
import { pollSettings, toPollPlan } from '../../polling/poll-settings.ts';
import { defineDriver, type BoundDriver, type DriverHost } from '../driver.ts';
import { chooseInput, describeInputs } from './choose-input.ts';

const bounds = { interval: '10s', timeout: '5s', intervalMinMs: 100 };
/** Millidegrees Celsius; what a sensor gives beyond has no meaning. */
const milliCelsius = /^-?\d{1,6}$/;
const range = { least: -100, most: 250 };

const settingsSchema = Type.Object(
  {
    zone: Type.Optional(
      Type.String({ minLength: 1, description: 'Type of a thermal zone: cpu-thermal, x86_pkg_temp' }),
    ),
    chip: Type.Optional(Type.String({ minLength: 1, description: 'Name of a hwmon chip: coretemp, nvme' })),
    input: Type.Optional(
      Type.String({ minLength: 1, description: 'Input of the chip, by name or label: temp1, Package id 0' }),
    ),
    root: Type.Optional(
      Type.String({ default: sysClassRootDefault, description: 'Folder that holds hwmon and thermal' }),
    ),
    ...pollSettings(bounds),
  },
  { additionalProperties: false },
);
type Settings = Static<typeof settingsSchema>;

/**
 * The device's own temperature, from the kernel's thermal zones or hwmon chips: one quantity, `temperature` in
 * Cel, raw readings. Without `zone` and `chip` it is the first thermal zone, else the first chip's first input.
 */
export const hwmon = defineDriver({
  name: 'hwmon',
  settings: settingsSchema,
  bind(settings): Result<BoundDriver> {
    const { zone, chip, input } = settings;
    if (zone !== undefined && chip !== undefined)
      return refused('CONFIG_INVALID_VALUE', 'zone: give either `zone` or `chip`');
    if (input !== undefined && chip === undefined)
      return refused('CONFIG_INVALID_VALUE', 'input: goes with `chip` only');
    const plan = toPollPlan(settings, bounds);
    if (!plan.ok) return plan;
    const quantities = [{ quantity: 'temperature', unit: 'Cel' }];
    return accepted({
      plan: { quantities, window: 'none', sketch: false, lateness: '1s' },
      start: (host) => start(host, settings, plan.value),
    });
  },
});

function start(host: DriverHost, settings: Settings, plan: PollPlan): { stop(): void } {
  const { root = sysClassRootDefault } = settings;
  let path: string | undefined;
  const t = new Float64Array(1);
  const temperature = new Float64Array(1);
  host.poll(plan, async () => {
    const file: string = path ?? (await findInput(root, settings));
    // Numbers of chips change over a start of the machine: after a failure the file is looked for again.
    path = undefined;
    const text = await readSysfs(file);
    const celsius = milliCelsius.test(text) ? Number(text) / 1000 : Number.NaN;
    if (!(celsius >= range.least && celsius <= range.most)) {
      host.discard('no-temperature', text.length);
      throw new FieldlineError('SOURCE_NO_VALUE', {
        subject: file,
        detail: `It says "${text.slice(0, 20)}".`,
      });
    }
    path = file;
    t[0] = host.clock.nowUs();
    temperature[0] = celsius;
    host.emit(t, [temperature]);
  });
  return { stop: () => undefined };
}

async function findInput(root: string, settings: Settings): Promise<string> {
  const inputs = await listTemperatureInputs(root);
  const chosen = chooseInput(inputs, settings);
  if (chosen !== undefined) return chosen.path;
  throw new FieldlineError('SOURCE_FILE_UNREADABLE', { subject: root, detail: describeInputs(inputs) });
}
