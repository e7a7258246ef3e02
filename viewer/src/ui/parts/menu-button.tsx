// A button that opens a panel below it (above it on a phone): closes on Escape, on a press elsewhere, and when asked to.

import type { LucideIcon } from 'lucide-react';
import { useEffect, useRef, useState, type JSX, type ReactNode } from 'react';

interface Props {
  icon: LucideIcon;
  label: string;
  title: string;
  pressed?: boolean;
  phone?: boolean;
  /** Changes when a command asks to open or close. */
  asked?: number;
  children(close: () => void): ReactNode;
}

export function MenuButton({ icon: Icon, label, title, pressed = false, phone = false, asked = 0, children }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const [seen, setSeen] = useState(asked);
  const holder = useRef<HTMLDivElement>(null);
  if (seen !== asked) {
    setSeen(asked);
    setOpen(!open);
  }
  useEffect(() => {
    if (!open) return undefined;
    holder.current?.querySelector<HTMLElement>('.menu button, .menu [tabindex]')?.focus();
    const close = (event: Event): void => {
      if (event instanceof KeyboardEvent) {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        setOpen(false);
      } else if (!holder.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener('pointerdown', close, true);
    window.addEventListener('keydown', close, true);
    return () => {
      window.removeEventListener('pointerdown', close, true);
      window.removeEventListener('keydown', close, true);
    };
  }, [open]);
  return (
    <div className="menu-holder" ref={holder} data-phone={phone}>
      <button type="button" className="icon-button tool" data-phone={phone} aria-label={label} aria-haspopup="menu" aria-expanded={open} aria-pressed={pressed} title={title} onClick={() => setOpen(!open)}>
        <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
        <span className="tool-label">{label}</span>
      </button>
      {open ? <div className="menu">{children(() => setOpen(false))}</div> : null}
    </div>
  );
}
