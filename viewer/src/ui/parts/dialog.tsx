// A modal dialog on the browser's own element: focus trap, Escape, click beside it.

import { t } from '../../core/language';
import { X } from 'lucide-react';
import { useEffect, useRef, type JSX, type ReactNode } from 'react';
import './dialog.css';

interface Props {
  title: string;
  head?: ReactNode;
  /** How wide it is: for a question, for a list, for a table that fills the page. */
  width?: 'narrow' | 'middle' | 'wide';
  children: ReactNode;
  onClose(): void;
}

export function Dialog({ title, head, width = 'middle', children, onClose }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-first-focus]')?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      data-width={width}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2>{title}</h2>
          {head}
          <button type="button" className="icon-button" aria-label={t('Close')} onClick={onClose}>
            <X size={18} />
          </button>
        </header>
        <div className="dialog-content">{children}</div>
      </div>
    </dialog>
  );
}
