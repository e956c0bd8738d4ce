import { nearestKey } from '@fieldline/protocol';
import type { StreamPlan } from '../aggregator/sensor-pipeline.ts';
import type { Attachment } from '../transforms/transform.ts';
import type { ConfigProblem } from './config-problem.ts';

interface Sensor {
  readonly id: string;
  readonly streams: readonly StreamPlan[];
}

/** Sensors with the streams that `join` attaches to theirs, or what is wrong with them. */
export interface JoinedSensors<Joined extends Sensor> {
  readonly sensors: readonly Joined[];
  readonly problems: readonly ConfigProblem[];
}

/** Adds to each sensor the streams that it joins from others: after its own, with the windows of their parent. */
export function resolveJoins<Joined extends Sensor>(sensors: readonly Joined[]): JoinedSensors<Joined> {
  const problems: ConfigProblem[] = [];
  const joined = sensors.map((sensor, index): Joined => {
    const streams: StreamPlan[] = [...sensor.streams];
    sensor.streams.forEach((parent, column) => {
      const attachments = (parent.transforms ?? []).flatMap((each) => each.attachments ?? []);
      for (const attachment of attachments) {
        const plan = attach(sensor, streams, { parent, column, attachment }, sensors);
        if (typeof plan !== 'string') streams.push(plan);
        else {
          const path = ['sensors', index, 'streams', parent.quantity, 'transforms'];
          problems.push({ code: 'CONFIG_INVALID_VALUE', path, reason: `join: ${plan}.` });
        }
      }
    });
    return { ...sensor, streams };
  });
  return { sensors: joined, problems };
}

/** The stream that an attachment makes, or why there is none. */
function attach(
  sensor: Sensor,
  streams: readonly StreamPlan[],
  about: { parent: StreamPlan; column: number; attachment: Attachment },
  sensors: readonly Sensor[],
): StreamPlan | string {
  const { parent, column } = about;
  const { source, quantity, toleranceUs } = about.attachment;
  const slash = source.indexOf('/');
  const other = sensors.find(({ id }) => id === source.slice(0, slash));
  if (other === undefined)
    return `there is no sensor "${source.slice(0, slash)}"${hint(
      source.slice(0, slash),
      sensors.map(({ id }) => id),
    )}`;
  if (other.id === sensor.id) return 'the streams of one sensor share their times already';
  const name = source.slice(slash + 1);
  const stream = other.streams.find((each) => each.quantity === name);
  if (stream === undefined)
    return `"${other.id}" yields no "${name}"${hint(
      name,
      other.streams.map((each) => each.quantity),
    )}`;
  if (streams.some((each) => each.quantity === quantity))
    return `"${sensor.id}" has a stream "${quantity}" already; name it by \`as\``;
  const join = { parent: column, source, toleranceUs };
  return { ...windowsOf(parent), quantity, unit: stream.unit, join };
}

/** An attached stream is carried as its parent is; the copies beside (hopping windows, bursts) are not repeated. */
function windowsOf({
  window,
  windowUs,
  shape,
  sketch,
  accuracy,
}: StreamPlan): Omit<StreamPlan, 'quantity' | 'unit'> {
  const optional = { ...(shape && { shape }), ...(accuracy !== undefined && { accuracy }) };
  return { window, windowUs, sketch, ...optional };
}

function hint(name: string, known: readonly string[]): string {
  const nearest = nearestKey(name, known);
  return nearest ? `; did you mean "${nearest}"?` : '';
}
