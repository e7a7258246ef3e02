// What lies over the picture of a pane, read as it changes.

import { useEffect } from 'react';
import { baseOf } from '../../core/fusion';
import { Signal } from '../../core/lifecycle';
import type { Overlay } from '../../viewport/fusion/overlay';
import type { FusionSession } from '../../viewport/fusion/session';
import type { PaneState } from '../../viewport/stack-controller';
import { useStateOf } from './use-signal';
import type { ViewerEngine } from './viewer-engine';

export interface Fusion {
  session: FusionSession;
  overlay: Overlay | undefined;
  notes: string[];
}

const NOTHING = { changed: new Signal(), state: (): undefined => undefined };

export function useFusion({ fusion }: ViewerEngine, { set }: PaneState): Fusion | undefined {
  const session = useStateOf(fusion);
  const wanted = set?.fusion !== undefined;
  useEffect(() => {
    if (wanted) void fusion.want();
  }, [fusion, wanted]);
  const overlay = wanted ? session?.of(set) : undefined;
  useStateOf<unknown>(overlay ?? NOTHING);
  return session && set && wanted ? { session, overlay, notes: overlay?.state().visible ? overlay.notes(baseOf(set)) : [] } : undefined;
}
