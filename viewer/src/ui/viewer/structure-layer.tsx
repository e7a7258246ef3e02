// Segmentations, contours and dose of a pane, painted over the drawing of any adapter in the same place.

import { useEffect, useMemo, useRef, type JSX } from 'react';
import { planeOf } from '../../core/plane';
import { scaleOf, type Point } from '../../core/view';
import type { EditSession } from '../../viewport/structures/edit-session';
import { paintLayers } from '../../viewport/structures/painter';
import type { StructuresSession } from '../../viewport/structures/session';
import type { PaneState } from '../../viewport/stack-controller';
import { useStateOf } from './use-signal';

export function StructureLayer({ session, state }: { session: StructuresSession; state: PaneState }): JSX.Element | null {
  const shownNow = useStateOf(session);
  const { set, shown, bitmap, view, pane } = state;
  const picture = set?.pictures[shown];
  const canvas = useRef<HTMLCanvasElement>(null);
  // What lies over a picture depends on the objects as well, which the session reads itself.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const layers = useMemo(() => session.layers(picture), [session, picture, shownNow]);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || !layers || !bitmap) return;
    element.width = Math.round(pane.width * devicePixelRatio);
    element.height = Math.round(pane.height * devicePixelRatio);
    paintLayers(context, layers, bitmap, view, pane, devicePixelRatio);
  }, [layers, bitmap, view, pane]);
  return layers ? <canvas ref={canvas} className="plane-layer" data-testid="structures" data-count={layers.structures.length} aria-hidden="true" /> : null;
}

/** The size of the brush round the pointer. */
export function BrushRing({ session, state, at }: { session: StructuresSession; state: PaneState; at: Point }): JSX.Element | null {
  useStateOf(session);
  const edit = session.editing();
  return edit ? <Ring edit={edit} state={state} at={at} /> : null;
}

function Ring({ edit, state, at: [x, y] }: { edit: EditSession; state: PaneState; at: Point }): JSX.Element | null {
  const { radius } = useStateOf(edit);
  const { set, shown, bitmap, view, pane } = state;
  const plane = planeOf(set?.pictures[shown]);
  if (!plane || !bitmap) return null;
  const pixels = (radius * scaleOf(view, bitmap, pane) * bitmap.pixelWidth) / plane.columnStep;
  return (
    <svg className="space-layer" aria-hidden="true">
      <circle className="brush-ring" cx={x} cy={y} r={pixels} data-testid="brush" />
    </svg>
  );
}
