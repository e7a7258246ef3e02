// Tells screen readers which image and window the active pane shows, politely, once it has come to rest.

import { useEffect, useState, type JSX } from 'react';
import { imageText, windowText } from '../../core/corner-text';
import { pictureInfo } from '../../core/picture-info';
import { chosenSuv } from '../../core/suv';
import type { PaneState, StackController } from '../../viewport/stack-controller';
import { useSaid } from './use-said';
import { useStateOf } from './use-signal';

/** Somebody who scrolls is told where it ended, not every image on the way. */
const REST = 500;

function shownOf({ set, index, grey, playing, setting }: PaneState): string {
  const picture = set?.pictures[index];
  if (!set || !picture || playing) return '';
  const suv = set.modality === 'PT' ? chosenSuv(pictureInfo(picture).transform.suv?.factors, setting.suv) : undefined;
  return [set.description, imageText(set, index), windowText(grey?.window, grey?.label ?? '', suv)].filter(Boolean).join(', ');
}

export function Announcer({ controller }: { controller: StackController }): JSX.Element {
  const state = useStateOf(controller);
  const said = useSaid()(shownOf(state), state.set?.instances[0]?.dataSet);
  const [rested, setRested] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setRested(said), REST);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-testid="announced">
      {rested}
    </div>
  );
}
