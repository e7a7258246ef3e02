// Which rows of a long list of equal heights are worth drawing: those in sight, and a few beyond once those are drawn.

import { useLayoutEffect, useState, type RefObject } from 'react';

const BEYOND = 8;

export interface RowsWindow {
  first: number;
  /** One past the last row to draw. */
  end: number;
}

export function useRowsWindow(scroller: RefObject<HTMLElement | null>, rowHeight: number, count: number): RowsWindow {
  const [span, setSpan] = useState<RowsWindow>(() => ({ first: 0, end: Math.ceil(window.innerHeight / rowHeight) }));
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const measure = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - BEYOND);
      const end = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + BEYOND;
      setSpan((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [scroller, rowHeight]);
  return { first: Math.min(span.first, Math.max(0, count - 1)), end: Math.min(span.end, count) };
}
