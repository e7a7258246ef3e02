// Pointers, wheel and touch on a slide: what a tool draws or moves, else drag pans, wheel and pinch zoom to where they are.

import { dragZoom } from '../../core/gesture';
import type { Point } from '../../core/view';
import type { Drag } from '../../viewport/measure/session';
import type { SlideSession } from '../../viewport/slide/session';
import { REACH } from './gestures';

export interface SlideHost {
  /** What a press draws or moves, if anything; `reach` is how far it may miss, in CSS pixels. */
  grab(at: Point, reach: number): Drag | undefined;
  hover(at: Point): void;
  /** A double click that is not for the slide itself. */
  twice(at: Point): boolean;
}

/** CSS pixels from which on a press is a drag. */
const MOVED = 4;

/** Listens on the element; returns what ends that. */
export function slideGestures(element: HTMLElement, session: SlideSession, host: SlideHost): () => void {
  const contacts = new Map<number, Point>();
  const end = new AbortController();
  let grabbed: Drag | undefined;
  let [start, moved]: [Point, boolean] = [[0, 0], false];
  const at = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const lift = (event: PointerEvent): void => {
    if (!contacts.delete(event.pointerId)) return;
    grabbed?.end(at(event), moved);
    grabbed = undefined;
  };
  const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void): void => element.addEventListener(type, listener, { signal: end.signal, passive: false });
  on('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    contacts.set(event.pointerId, at(event));
    [start, moved] = [at(event), false];
    const plain = contacts.size === 1 && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    grabbed = plain ? host.grab(start, event.pointerType === 'touch' ? REACH.touch : REACH.mouse) : undefined;
  });
  on('pointermove', (event) => {
    const [before, now] = [contacts.get(event.pointerId), at(event)];
    if (!before) {
      if (event.pointerType !== 'touch') host.hover(now);
      return;
    }
    if (!moved && Math.hypot(now[0] - start[0], now[1] - start[1]) < MOVED) return;
    moved = true;
    contacts.set(event.pointerId, now);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    const other = [...contacts].find(([id]) => id !== event.pointerId)?.[1];
    if (grabbed) grabbed.move(now);
    else if (other) pinch(session, before, now, other);
    else if ((event.buttons & 2) !== 0) session.zoom(dragZoom(dy), now);
    else session.pan(dx, dy);
  });
  on('pointerup', lift);
  on('pointercancel', lift);
  on('contextmenu', (event) => event.preventDefault());
  on('dblclick', (event) => {
    if (!host.twice(at(event))) session.zoom(2, at(event));
  });
  on('wheel', (event) => {
    event.preventDefault();
    session.zoom(Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.0025 : 0.1)), at(event));
  });
  return () => end.abort();
}

function pinch(session: SlideSession, before: Point, now: Point, other: Point): void {
  const spread = (point: Point): number => Math.max(10, Math.hypot(point[0] - other[0], point[1] - other[1]));
  session.zoom(spread(now) / spread(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
  session.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
}
