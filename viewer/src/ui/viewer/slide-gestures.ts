// Pointers, wheel and touch on a slide: drag pans, wheel and pinch zoom to where they are.

import { dragZoom } from '../../core/gesture';
import type { Point } from '../../core/view';
import type { SlideSession } from '../../viewport/slide/session';

/** Listens on the element; returns what ends that. */
export function slideGestures(element: HTMLElement, session: SlideSession): () => void {
  const contacts = new Map<number, Point>();
  const end = new AbortController();
  const at = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const lift = (event: PointerEvent): void => void contacts.delete(event.pointerId);
  const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void): void => element.addEventListener(type, listener, { signal: end.signal, passive: false });
  on('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    contacts.set(event.pointerId, at(event));
  });
  on('pointermove', (event) => {
    const before = contacts.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    contacts.set(event.pointerId, now);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    const other = [...contacts].find(([id]) => id !== event.pointerId)?.[1];
    if (other) pinch(session, before, now, other);
    else if ((event.buttons & 2) !== 0) session.zoom(dragZoom(dy), now);
    else session.pan(dx, dy);
  });
  on('pointerup', lift);
  on('pointercancel', lift);
  on('contextmenu', (event) => event.preventDefault());
  on('dblclick', (event) => session.zoom(2, at(event)));
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
