// What every open menu does: the first entry gets the focus, arrow keys lead through it, Escape and a press elsewhere close it, and
// the focus goes back to where it came from.

import { useEffect, useLayoutEffect, useRef, type RefObject } from 'react';

const STEPS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

const entriesOf = (menu: Element | null | undefined, selector: string): HTMLElement[] => [...(menu?.querySelectorAll<HTMLElement>(selector) ?? [])].filter((entry) => entry.checkVisibility());

/** Moves the focus between the entries of a menu; false where the key or the focus is no matter of a menu's entries. */
function stepped(menu: Element | null | undefined, key: string): boolean {
  const entries = entriesOf(menu, 'button:not(:disabled)');
  const at = entries.findIndex((entry) => entry === document.activeElement);
  const step = STEPS[key];
  if (!step || at < 0) return false;
  entries[step(at, entries.length)]?.focus();
  return true;
}

/** `holder` holds the menu and what opens it, so that a press on either does not count as one elsewhere. */
export function useMenu(holder: RefObject<HTMLElement | null>, open: boolean, onClose: () => void): void {
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    if (!open) return undefined;
    const before = document.activeElement;
    const menu = holder.current?.matches('.menu') ? holder.current : holder.current?.querySelector('.menu');
    entriesOf(menu, 'button:not(:disabled), [tabindex]')[0]?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close.current();
      else if (!stepped(menu, event.key)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    const onPress = (event: Event): void => {
      if (!holder.current?.contains(event.target as Node)) close.current();
    };
    window.addEventListener('pointerdown', onPress, true);
    window.addEventListener('keydown', onKey, true);
    return () => {
      window.removeEventListener('pointerdown', onPress, true);
      window.removeEventListener('keydown', onKey, true);
      if (document.activeElement === document.body && before instanceof HTMLElement) before.focus();
    };
  }, [holder, open]);
}

/** As near to a place as what the menu lies in, or the screen, has room for. */
function put(menu: HTMLElement, x: number, y: number): void {
  const room = menu.offsetParent ?? document.documentElement;
  menu.style.left = `${Math.max(8, Math.min(x, room.clientWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, room.clientHeight - menu.offsetHeight - 8))}px`;
}

/** Puts a menu where it was asked for. */
export function usePlaced(menu: RefObject<HTMLElement | null>, x: number, y: number): void {
  useLayoutEffect(() => {
    if (menu.current) put(menu.current, x, y);
  }, [menu, x, y]);
}

/** Puts a menu below what opens it; it lies on the screen, so that nothing around it cuts it off. */
export function useUnder(holder: RefObject<HTMLElement | null>, open: boolean): void {
  useLayoutEffect(() => {
    const menu = open ? holder.current?.querySelector<HTMLElement>('.menu') : undefined;
    const { left = 0, bottom = 0 } = holder.current?.getBoundingClientRect() ?? {};
    if (menu) put(menu, left, bottom + 4);
  }, [holder, open]);
}
