// Keys of the study list that hold wherever the focus is: to the search field, to the filters, into the rows, and to choose files.

import { useEffect, type RefObject } from 'react';
import { commandForKey, type CommandName } from '../../core/commands';
import { useServices } from '../services';
import { isTyping } from './use-marks';

/** Commands that let files be chosen: to show them or to store them, files or a folder. */
const PICKING: Readonly<Partial<Record<CommandName, readonly [way: 'show' | 'store', folder: boolean]>>> = {
  'local.open': ['show', false],
  'local.folder': ['show', true],
  'archive.files': ['store', false],
  'archive.folder': ['store', true],
};

interface Rows {
  field: RefObject<HTMLInputElement | null>;
  /** How many there are, and which is chosen. */
  count: number;
  index: number;
  onChoose(index: number): void;
  onOpen(index: number): void;
  onFilters(): void;
}

export function useListKeys({ field, count, index, onChoose, onOpen, onFilters }: Rows): void {
  const { local, uploads } = useServices();
  useEffect(() => {
    const intoRows = (key: string, typing: boolean): void => {
      document.querySelector<HTMLElement>('.table')?.focus();
      if (index < 0) onChoose(0);
      else if (key === 'Enter') onOpen(index);
      else onChoose(Math.min(count - 1, index + (typing ? 0 : 1)));
    };
    const onKey = (event: KeyboardEvent): void => {
      const typing = isTyping(event);
      const command = commandForKey(event);
      const pick = command && PICKING[command];
      if (pick) (pick[0] === 'show' ? local : uploads).pick(pick[1]);
      else if (event.key === '/' && !typing) field.current?.focus();
      else if (event.key === 'f' && !typing && !event.ctrlKey && !event.metaKey) onFilters();
      else if (event.key === 'Escape' && typing) (event.target as HTMLElement).blur();
      else if ((event.key === 'ArrowDown' || event.key === 'Enter') && (isText(event) || document.activeElement === document.body)) intoRows(event.key, typing);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [field, count, index, onChoose, onOpen, onFilters, local, uploads]);
}

const isText = ({ target }: KeyboardEvent): boolean => target instanceof HTMLInputElement && target.type === 'text';
