// A button that opens a panel below it (above it on a phone): closes on Escape, on a press elsewhere, and when asked to.

import type { LucideIcon } from 'lucide-react';
import { useRef, useState, type JSX, type ReactNode } from 'react';
import { useMenu, useUnder } from './menu';

interface Props {
  icon: LucideIcon;
  label: string;
  title: string;
  pressed?: boolean;
  phone?: boolean;
  /** It holds more than entries to choose: a grid, a slider. */
  mixed?: boolean;
  /** What is around the button would cut the menu off. */
  free?: boolean;
  /** Changes when a command asks to open or close. */
  asked?: number;
  children(close: () => void): ReactNode;
}

export function MenuButton({ icon: Icon, label, title, pressed = false, phone = false, mixed = false, free = false, asked = 0, children }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const [seen, setSeen] = useState(asked);
  const holder = useRef<HTMLDivElement>(null);
  if (seen !== asked) {
    setSeen(asked);
    setOpen(!open);
  }
  useMenu(holder, open, () => setOpen(false));
  useUnder(holder, open && free);
  const role = mixed ? 'dialog' : 'menu';
  return (
    <div className="menu-holder" ref={holder} data-phone={phone}>
      <button type="button" className="icon-button tool" data-phone={phone} aria-label={label} aria-haspopup={role} aria-expanded={open} aria-pressed={pressed} title={title} onClick={() => setOpen(!open)}>
        <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
        <span className="tool-label">{label}</span>
      </button>
      {open ? (
        <div className="menu" data-free={free} role={role} aria-label={title}>
          {children(() => setOpen(false))}
        </div>
      ) : null}
    </div>
  );
}
