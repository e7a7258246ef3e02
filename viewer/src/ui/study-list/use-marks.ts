// Studies that are marked, to do something with all of them; what is done has a key each.

import { useCallback, useEffect, useMemo, useState } from 'react';
import type { StudyRow } from '../../core/study-row';

export interface Marks {
  rows: readonly StudyRow[];
  uids: ReadonlySet<string>;
  toggle(row: StudyRow): void;
  clear(): void;
}

/** What can be done with marked studies, by the key for it. */
export const MARKED = { s: 'send', z: 'save', Delete: 'delete', a: 'anonymize', e: 'edit' } as const;
/** Whether it is done with this many studies. */
export const isPossible = (action: MarkedAction, studies: number): boolean => (action === 'edit' ? studies === 1 : studies > 0);
export type MarkedAction = (typeof MARKED)[keyof typeof MARKED];

/** The key is meant for a text field, or for a list of choices. */
export const isTyping = ({ target }: KeyboardEvent): boolean => target instanceof Element && target.matches('input:not([type=checkbox]), select');

export function useMarks(onAction: (action: MarkedAction) => void): Marks {
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
      const action = MARKED[event.key as keyof typeof MARKED] as MarkedAction | undefined;
      if (!action || isTyping(event) || event.ctrlKey || event.metaKey || !isPossible(action, marked.size)) return;
      event.preventDefault();
      onAction(action);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [marked, onAction]);
  return useMemo(() => ({ rows: [...marked.values()], uids: new Set(marked.keys()), toggle, clear }), [marked, toggle, clear]);
}
