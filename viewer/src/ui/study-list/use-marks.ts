// Studies that are marked, to do something with all of them; the key A opens what is done.

import { useCallback, useEffect, useMemo, useState, type RefObject } from 'react';
import type { StudyRow } from '../../core/study-row';

export interface Marks {
  rows: readonly StudyRow[];
  uids: ReadonlySet<string>;
  toggle(row: StudyRow): void;
  clear(): void;
}

export function useMarks(field: RefObject<HTMLInputElement | null>, onKeyA: () => void): Marks {
  const [marked, setMarked] = useState<ReadonlyMap<string, StudyRow>>(new Map());
  const toggle = useCallback((row: StudyRow) => {
    setMarked((before) => {
      const after = new Map(before);
      if (!after.delete(row.StudyInstanceUID)) after.set(row.StudyInstanceUID, row);
      return after;
    });
  }, []);
  const clear = useCallback(() => setMarked(new Map()), []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'a' || event.target === field.current || event.ctrlKey || event.metaKey || marked.size === 0) return;
      event.preventDefault();
      onKeyA();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [marked, field, onKeyA]);
  return useMemo(() => ({ rows: [...marked.values()], uids: new Set(marked.keys()), toggle, clear }), [marked, toggle, clear]);
}
