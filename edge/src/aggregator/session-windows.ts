import { WindowAccumulator } from '@fieldline/protocol/aggregate';
import { ClosedQueue } from './closed-queue.ts';
import { dropRows } from './drop-rows.ts';
import type { ClosedWindow, ClosedWindows } from './window-columns.ts';
import type { WindowedStream, WindowSource } from './window-source.ts';

/** Sessions of one stream. */
export interface SessionWindowsOptions {
  readonly stream: WindowedStream;
  /** Readings this far apart or farther belong to two sessions, in microseconds. */
  readonly gapUs: number;
  /** A session that goes on for longer is cut, so that its readings do not wait for ever, in microseconds. */
  readonly maxUs: number;
  readonly latenessUs: number;
  readonly startedAtUs: number;
}

interface Session {
  startUs: number;
  lastUs: number;
  partial: boolean;
  readonly accumulator: WindowAccumulator;
}

/** Sessions of one stream that may be open: more means that the times make no sense. */
export const openSessionsMax = 256;

/**
 * Windows that last as long as readings follow one another closer than the gap; the last one's time plus 1 µs
 * is the end. Readings may come in any order within the lateness: one that falls between two sessions, close to
 * both, makes them one. Later ones are dropped as `late`.
 */
export class SessionWindows implements WindowSource {
  readonly #options: SessionWindowsOptions;
  readonly #closed: ClosedQueue;
  /** In order of time. */
  #open: Session[] = [];
  #closedThroughUs = Number.NEGATIVE_INFINITY;
  /** Until when a reading goes on with a session that was cut, or that began before the agent did. */
  #continuesUntilUs: number;

  constructor(options: SessionWindowsOptions) {
    this.#options = options;
    this.#continuesUntilUs = options.startedAtUs + options.gapUs;
    this.#closed = new ClosedQueue('session', [options.stream]);
  }

  get closedCount(): number {
    return this.#closed.length;
  }

  record(_stream: number, t: Float64Array, v: Float64Array): void {
    let from = 0;
    while (from < t.length) {
      if (Number.isNaN(v[from])) from += 1;
      else from = this.#recordRun(t, v, from);
    }
  }

  closeDue(nowUs: number): void {
    const { gapUs, maxUs, latenessUs } = this.#options;
    const throughUs = nowUs - latenessUs;
    this.#closedThroughUs = Math.max(this.#closedThroughUs, throughUs);
    this.#open = this.#open.filter((session) => {
      const isOver = session.lastUs + gapUs <= throughUs;
      const isCut = !isOver && session.startUs + maxUs <= throughUs;
      if (isCut) {
        session.partial = true;
        this.#continuesUntilUs = session.lastUs + gapUs;
      }
      if (isOver || isCut) this.#closed.push(ended(session));
      return !isOver && !isCut;
    });
  }

  closeAll(nowUs: number): void {
    for (const session of this.#open) {
      if (session.lastUs + this.#options.gapUs > nowUs) session.partial = true;
      this.#closed.push(ended(session));
    }
    this.#open = [];
  }

  openCount(): number {
    return this.#open.reduce((sum, { accumulator }) => sum + accumulator.count, this.#closed.count(0));
  }

  peek(): ClosedWindows | undefined {
    return this.#closed.peek(this.#open.map((session) => ended({ ...session, partial: true })));
  }

  take(maxWindows: number): ClosedWindows | undefined {
    return this.#closed.take(maxWindows);
  }

  /** Records the rows from `from` on that follow one another in order and within the gap; answers their end. */
  #recordRun(t: Float64Array, v: Float64Array, from: number): number {
    const { gapUs, stream } = this.#options;
    let to = from + 1;
    while (to < t.length && !Number.isNaN(v[to]) && t[to]! >= t[to - 1]! && t[to]! - t[to - 1]! < gapUs)
      to += 1;
    // A reading is late by itself: those of a run that are not must not be lost with it.
    if (t[from]! < this.#closedThroughUs) to = from + 1;
    const [fromUs, lastUs] = [t[from]!, t[to - 1]!];
    const session = this.#sessionAt(fromUs, lastUs);
    if (typeof session === 'string') stream.filter(session, dropRows(v.subarray(from, to)));
    else session.accumulator.recordBlock(v.subarray(from, to), fromUs, lastUs);
    return to;
  }

  /** The one session that touches the span, widened by it; or the reason for which there is none. */
  #sessionAt(fromUs: number, lastUs: number): Session | 'late' | 'too-many-windows' {
    const { gapUs, stream } = this.#options;
    const touches = (each: Session): boolean => fromUs - each.lastUs < gapUs && each.startUs - lastUs < gapUs;
    const touched = this.#open.filter(touches);
    const [session, ...others] = touched;
    if (session === undefined) {
      if (fromUs < this.#closedThroughUs) return 'late';
      if (this.#open.length >= openSessionsMax) return 'too-many-windows';
      const partial = fromUs < this.#continuesUntilUs;
      const accumulator = new WindowAccumulator({ sketch: stream.sketch });
      const opened: Session = { startUs: fromUs, lastUs, partial, accumulator };
      this.#open = [...this.#open, opened].sort((a, b) => a.startUs - b.startUs);
      return opened;
    }
    session.startUs = Math.min(session.startUs, fromUs);
    session.lastUs = Math.max(session.lastUs, lastUs);
    for (const other of others) {
      session.lastUs = Math.max(session.lastUs, other.lastUs);
      session.partial ||= other.partial;
      session.accumulator.merge(other.accumulator);
    }
    if (others.length > 0) this.#open = this.#open.filter((each) => !others.includes(each));
    return session;
  }
}

function ended({ startUs, lastUs, partial, accumulator }: Session): ClosedWindow {
  return { startUs, endUs: lastUs + 1, partial, accumulators: [accumulator] };
}
