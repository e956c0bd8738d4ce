import { accepted, FieldlineError, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { readW1, w1RootDefault } from '../../bindings/w1-bus.ts';
import type { PollPlan } from '../../polling/poller.ts';
import { pollSettings, toPollPlan } from '../../polling/poll-settings.ts';
import { defineDriver, type BoundDriver, type DriverHost } from '../driver.ts';
import { w1SlaveToCelsius, w1TemperatureToCelsius } from './w1-to-celsius.ts';

/** A conversion takes 750 ms, and the kernel tries three times. */
const bounds = { interval: '10s', timeout: '5s', intervalMinMs: 1000 };

const settingsSchema = Type.Object(
  {
    device: Type.Optional(
      Type.String({
        pattern: '^(10|22|28|3b|42)-[0-9a-f]{12}$',
        description: 'Id of the thermometer: 28-00000a1b2c3d; the only one, where none is named',
      }),
    ),
    file: Type.Optional(
      Type.Union([Type.Literal('w1_slave'), Type.Literal('temperature')], {
        default: 'w1_slave',
        description: '`w1_slave` tells a power cut from 85 °C; `temperature` is there on newer kernels only',
      }),
    ),
    root: Type.Optional(Type.String({ default: w1RootDefault, description: 'Folder of the 1-Wire devices' })),
    ...pollSettings(bounds),
  },
  { additionalProperties: false },
);
type Settings = Static<typeof settingsSchema>;

/**
 * DS18B20 and its relatives through the kernel's 1-Wire: one quantity, `temperature` in Cel, raw readings. The
 * time of a reading is that at which the kernel gave it.
 */
export const w1 = defineDriver({
  name: 'w1',
  settings: settingsSchema,
  bind(settings): Result<BoundDriver> {
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
  const { device, file = 'w1_slave', root = w1RootDefault } = settings;
  let previous: number | undefined;
  const t = new Float64Array(1);
  const temperature = new Float64Array(1);
  host.poll(plan, async () => {
    const text = await readW1(root, device, file);
    const outcome = file === 'w1_slave' ? w1SlaveToCelsius(text) : w1TemperatureToCelsius(text, previous);
    if (outcome.kind === 'discarded') {
      host.discard(outcome.reason, text.length);
      const detail = `Reason: ${outcome.reason}.`;
      throw new FieldlineError('SOURCE_NO_VALUE', { subject: device ?? root, detail });
    }
    previous = outcome.celsius;
    t[0] = host.clock.nowUs();
    temperature[0] = outcome.celsius;
    host.emit(t, [temperature]);
  });
  return { stop: () => undefined };
}
