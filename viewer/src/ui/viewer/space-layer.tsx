// Where the other panes cut this one, and the place that was pointed at. Nothing where the frames of reference differ.

import type { JSX } from 'react';
import { crossing, planeOf, toPixel } from '../../core/plane';
import { pixelToPane, type Point } from '../../core/view';
import type { PaneState, StackController } from '../../viewport/stack-controller';
import { lineSource, type Workspace } from '../../viewport/workspace';
import { useStateOf } from './use-signal';

interface Props {
  workspace: Workspace;
  controller: StackController;
  pane: PaneState;
}

export function SpaceLayer({ workspace, controller, pane }: Props): JSX.Element | null {
  const state = useStateOf(workspace);
  const { set, shown, bitmap, view } = pane;
  const plane = planeOf(set?.pictures[shown]);
  if (!plane || !bitmap) return null;
  const toPane = (pixel: Point): Point => pixelToPane(pixel, view, bitmap, pane.pane);
  const lines = state.links.lines
    ? lineSource(state, controller).flatMap((other) => {
        const otherPlane = planeOf(other.set?.pictures[other.shown]);
        const line = otherPlane && crossing(plane, otherPlane);
        return line ? [{ ends: line.map(toPane) as [Point, Point], role: other.set?.plane ?? 'series' }] : [];
      })
    : [];
  const { cursor } = state;
  const at = cursor?.FrameOfReferenceUID === plane.FrameOfReferenceUID ? toPixel(plane, cursor.place) : undefined;
  const spot = at && state.arrangement === 'grid' ? { place: toPane(at.pixel), near: Math.abs(at.distance) < 5 } : undefined;
  return (
    <svg className="space-layer" data-testid="lines" aria-hidden="true">
      {lines.map(({ ends: [a, b], role }) => (
        <line key={`${role}-${a.join()}`} x1={a[0]} y1={a[1]} x2={b[0]} y2={b[1]} className="cut-line" data-role={role} />
      ))}
      {spot ? <path className="cursor-cross" data-near={spot.near} d={`M${spot.place[0] - 14} ${spot.place[1]}h10m8 0h10M${spot.place[0]} ${spot.place[1] - 14}v10m0 8v10`} /> : null}
    </svg>
  );
}
