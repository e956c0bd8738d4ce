import type { DryRunDrawing } from '@fieldline/protocol';
import type { StreamPlan } from '../aggregator/sensor-pipeline.ts';
import type { RecentReadings } from '../aggregator/recent-readings.ts';
import type { AgentConfig } from './agent-config.ts';
import { dryRun } from './dry-run.ts';
import { SentPoints, type SentColumns } from './sent-points.ts';
import { worstError, type Filling } from './worst-error.ts';

/** Points of all drawings of one answer together: it must pass as one message of at most 256 KB. */
const pointsMax = 3200;
/** Points of one line: more than its drawing has pixels. */
const linePointsMax = 500;

/** Stages that leave readings out: without them is what the drawing measures them by. */
const thinning = ['deadband', 'swinging-door', 'dedupe'];

/** Draws what `sent` would be sent under `config`, beside every reading it is made from. */
export async function drawDryRun(
  config: AgentConfig,
  about: { readonly recordings: ReadonlyMap<string, RecentReadings>; readonly nowUs: number },
  sent: SentPoints,
): Promise<DryRunDrawing[]> {
  const every = new SentPoints();
  await dryRun(withEveryReading(config), about, (blocks) => every.take(blocks));
  const each = Math.min(linePointsMax, Math.floor(pointsMax / (2 * Math.max(1, every.streams.size))));
  return [...every.streams].map(([name, raw]) => {
    const [sensor = '', quantity = ''] = name.split('/');
    const columns = sent.streams.get(name) ?? { ...raw, start: [], end: [], mean: [], min: [], max: [] };
    const rawRows = thinRows(raw, each);
    const sentRows = thinRows(columns, each);
    const pick = (column: readonly number[], rows: readonly number[]) => rows.map((row) => column[row]!);
    const { start, end, mean, min, max } = columns;
    return {
      ...{ sensor, quantity, unit: raw.unit },
      raw: { t: pick(raw.start, rawRows), v: pick(raw.mean, rawRows) },
      sent: {
        start: pick(start, sentRows),
        end: pick(end, sentRows),
        mean: pick(mean, sentRows),
        min: pick(min, sentRows),
        max: pick(max, sentRows),
      },
      worstError: worstError(raw, columns, fillingOf(config, sensor, quantity)),
    };
  });
}

/** The same without windows, bursts and stages that leave readings out. */
function withEveryReading(config: AgentConfig): AgentConfig {
  const sensors = config.sensors.map((sensor) => ({ ...sensor, streams: sensor.streams.map(everyReading) }));
  return { ...config, sensors };
}

function everyReading(plan: StreamPlan): StreamPlan {
  const { quantity, unit, transforms = [], join } = plan;
  return {
    ...{ quantity, unit, window: 'none', windowUs: 0, sketch: false },
    transforms: transforms.filter(({ name }) => !thinning.includes(name)),
    ...(join === undefined ? {} : { join }),
  };
}

/** Behind a deadband the last value holds until another comes; else a line joins two readings. */
function fillingOf({ sensors }: AgentConfig, sensor: string, quantity: string): Filling {
  const plan = sensors
    .find(({ id }) => id === sensor)
    ?.streams.find((stream) => stream.quantity === quantity);
  const last = plan?.transforms?.findLast(({ name }) => thinning.includes(name));
  return last === undefined || last.name === 'swinging-door' ? 'line' : 'hold';
}

/** At most `most` rows: of each stretch the lowest and the highest, so that no spike is lost. */
export function thinRows({ mean, min, max }: SentColumns, most: number): number[] {
  if (mean.length <= most) return [...mean.keys()];
  const stretches = Math.max(1, Math.floor(most / 2));
  const rows: number[] = [];
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    const from = Math.floor((stretch * mean.length) / stretches);
    const to = Math.floor(((stretch + 1) * mean.length) / stretches);
    let [low, high] = [from, from];
    for (let row = from; row < to; row += 1) {
      if (min[row]! < min[low]!) low = row;
      if (max[row]! > max[high]!) high = row;
    }
    rows.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
  }
  return rows;
}
