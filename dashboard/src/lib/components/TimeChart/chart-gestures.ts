import { panSpan, spanThrough, type TimeSpan } from '../../series/time-span.ts';

/** A drag shorter than this is a click, in CSS pixels. */
const shortestDragPx = 5;

/** How much one step of a wheel zooms: the natural logarithm a CSS pixel of its turn. */
const wheelZoomPerPx = 0.0022;

/** A single event zooms no further than this, in both directions. */
const furthestWheelZoom = 1.6;

/** What the gestures need of a chart and what they ask of it. Places run from 0 (left end of the axis) to 1. */
export interface GestureTarget {
  span(): TimeSpan;
  /** The stretch that is being marked, as places; undefined: none. */
  mark(places: readonly [from: number, to: number] | undefined): void;
  /** `step`: worth a step back in the browser's history. */
  show(span: TimeSpan, options: { step: boolean }): void;
  zoom(factor: number, aroundUs: number): void;
  /** Whether the wheel belongs to the chart; else it scrolls the page. */
  ownsWheel(event: WheelEvent): boolean;
}

/** A finger, or the mouse with its button down: where it went down and where it is, as places. */
interface Held {
  readonly downAt: number;
  at: number;
}

/** How a drag began. */
interface Drag {
  readonly kind: 'mark' | 'pan' | 'pinch';
  readonly span: TimeSpan;
}

/** Drag marks a stretch and zooms into it; with Shift, or by finger, it moves the axis; two fingers pinch; the wheel zooms. */
export class ChartGestures {
  readonly #element: HTMLElement;
  readonly #target: GestureTarget;
  readonly #held = new Map<number, Held>();
  #drag: Drag | undefined;

  constructor(element: HTMLElement, target: GestureTarget) {
    this.#element = element;
    this.#target = target;
  }

  /** Listens until the returned function is called. */
  listen(): () => void {
    const ending = new AbortController();
    const { signal } = ending;
    const element = this.#element;
    element.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    element.addEventListener('pointermove', (event) => this.#move(event), { signal });
    element.addEventListener('pointerup', (event) => this.#up(event, true), { signal });
    element.addEventListener('pointercancel', (event) => this.#up(event, false), { signal });
    element.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    return () => ending.abort();
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const at = this.#placeOf(event.clientX);
    this.#held.set(event.pointerId, { downAt: at, at });
    const span = this.#target.span();
    const slides = event.pointerType === 'touch' || event.shiftKey;
    this.#drag = { kind: this.#held.size > 1 ? 'pinch' : slides ? 'pan' : 'mark', span };
    // Two fingers begin anew where the first has gone meanwhile.
    if (this.#held.size > 1)
      for (const [id, { at: now }] of this.#held) this.#held.set(id, { downAt: now, at: now });
  }

  #move(event: PointerEvent): void {
    const held = this.#held.get(event.pointerId);
    if (!held || !this.#drag) return;
    held.at = this.#placeOf(event.clientX);
    if (!this.#isDragged(held) && this.#drag.kind !== 'pinch') return;
    if (!this.#element.hasPointerCapture(event.pointerId)) this.#element.setPointerCapture(event.pointerId);
    this.#follow(this.#drag, held);
  }

  #follow({ kind, span }: Drag, held: Held): void {
    if (kind === 'mark') this.#target.mark([Math.min(held.downAt, held.at), Math.max(held.downAt, held.at)]);
    if (kind === 'pan') this.#target.show(panSpan(span, held.downAt - held.at), { step: false });
    if (kind === 'pinch') this.#pinch(span);
  }

  #pinch(span: TimeSpan): void {
    const [first, second] = [...this.#held.values()].toSorted((a, b) => a.downAt - b.downAt);
    if (!first || !second) return;
    const timeAt = (place: number) => span.fromUs + place * (span.toUs - span.fromUs);
    const wanted = spanThrough(
      { timeUs: timeAt(first.downAt), at: first.at },
      { timeUs: timeAt(second.downAt), at: second.at },
    );
    if (wanted) this.#target.show(wanted, { step: false });
  }

  #up(event: PointerEvent, done: boolean): void {
    const held = this.#held.get(event.pointerId);
    this.#held.delete(event.pointerId);
    const drag = this.#drag;
    this.#drag = undefined;
    this.#target.mark(undefined);
    if (!done || !held || drag?.kind !== 'mark' || !this.#isDragged(held)) return;
    const { fromUs, toUs } = drag.span;
    const timeAt = (place: number) => fromUs + Math.min(1, Math.max(0, place)) * (toUs - fromUs);
    const [from, to] = [Math.min(held.downAt, held.at), Math.max(held.downAt, held.at)];
    this.#target.show({ fromUs: timeAt(from), toUs: timeAt(to) }, { step: true });
  }

  #wheel(event: WheelEvent): void {
    if (!this.#target.ownsWheel(event)) return;
    event.preventDefault();
    const span = this.#target.span();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const parts = event.deltaX / this.#element.clientWidth;
      return this.#target.show(panSpan(span, parts), { step: false });
    }
    const wanted = Math.exp(event.deltaY * wheelZoomPerPx);
    const factor = Math.min(furthestWheelZoom, Math.max(1 / furthestWheelZoom, wanted));
    this.#target.zoom(factor, span.fromUs + this.#placeOf(event.clientX) * (span.toUs - span.fromUs));
  }

  #isDragged(held: Held): boolean {
    return Math.abs(held.at - held.downAt) * this.#element.clientWidth >= shortestDragPx;
  }

  #placeOf(clientX: number): number {
    const { left, width } = this.#element.getBoundingClientRect();
    return width > 0 ? (clientX - left) / width : 0;
  }
}
