import { accepted, FieldlineError, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { PollPlan } from '../../polling/poller.ts';
import { pollSettings, toPollPlan } from '../../polling/poll-settings.ts';
import { defineDriver, type BoundDriver, type Columns, type DriverHost } from '../driver.ts';
import type { SelfFigures } from './self-figures.ts';

const bounds = { interval: '60s', timeout: '5s', intervalMinMs: 100 };

/** In the order of the columns. */
const quantities = [
  { quantity: 'cpu', unit: '%' },
  { quantity: 'memory', unit: 'B' },
  { quantity: 'disk_per_reading', unit: 'B' },
  { quantity: 'queue_batches', unit: 'count' },
  { quantity: 'queue_bytes', unit: 'B' },
  { quantity: 'clock_offset', unit: 's' },
  { quantity: 'serial_errors', unit: '1/s' },
];

/**
 * The agent's own figures as streams like any other: processor time in per cent of one core, resident memory,
 * bytes written to the disk a reading, the depth of the outbox, how far the system's clock is ahead of the times of
 * readings, and errors of serial lines a second. What is measured over an interval is absent from the first row.
 */
export const agent = defineDriver({
  name: 'agent',
  settings: Type.Object(pollSettings(bounds), { additionalProperties: false }),
  bind(settings): Result<BoundDriver> {
    const plan = toPollPlan(settings, bounds);
    if (!plan.ok) return plan;
    return accepted({
      plan: { quantities, window: 'none', sketch: false, lateness: '1s' },
      start: (host) => start(host, plan.value),
    });
  },
});

interface Look {
  readonly figures: SelfFigures;
  /** By a clock that is never set, milliseconds. */
  readonly atMs: number;
}

function start(host: DriverHost, plan: PollPlan): { stop(): void } {
  let last: Look | undefined;
  host.poll(plan, async () => {
    const figures = host.self?.();
    if (figures === undefined) {
      throw new FieldlineError('SOURCE_NO_VALUE', { subject: 'agent', detail: 'No agent runs around it.' });
    }
    const look = { figures, atMs: performance.now() };
    host.emit(Float64Array.of(host.clock.nowUs()), columnsOf(look, last));
    last = look;
  });
  return { stop: () => undefined };
}

/** A row; `last` is the look before. A part without a denominator is absent. */
function columnsOf({ figures, atMs }: Look, last: Look | undefined): Columns {
  const elapsedSec = last === undefined ? 0 : (atMs - last.atMs) / 1000;
  const gained = (key: 'cpuUs' | 'diskBytesWritten' | 'readingsTaken' | 'serialErrors'): number =>
    last === undefined ? 0 : figures[key] - last.figures[key];
  return [
    ratio(gained('cpuUs') / 1e4, elapsedSec),
    Float64Array.of(figures.residentBytes),
    ratio(gained('diskBytesWritten'), gained('readingsTaken')),
    Float64Array.of(figures.queuedBatches),
    Float64Array.of(figures.queuedBytes),
    figures.clockOffsetUs === undefined ? undefined : Float64Array.of(figures.clockOffsetUs / 1e6),
    ratio(gained('serialErrors'), elapsedSec),
  ];
}

function ratio(part: number, whole: number): Float64Array | undefined {
  return whole > 0 ? Float64Array.of(part / whole) : undefined;
}
