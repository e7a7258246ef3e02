// The graphics and texts of an applied presentation state, as they lie in a pane.

import { displayedArea, isFor, stateGraphics } from '../core/presentation-state';
import { pixelToPane, type Point } from '../core/view';
import type { PaneState } from './stack-controller';

export interface LaidState {
  shapes: { points: Point[]; filled: boolean }[];
  texts: { at: Point; lines: string[] }[];
}

/** Lines of text are this far apart, in CSS pixels. */
export const STATE_LINE = 17;
/** Half the arms of the cross that marks a point. */
const ARM = 6;

export function layOutState({ set, shown, bitmap, view, pane, presentation }: PaneState): LaidState | undefined {
  const picture = set?.pictures[shown];
  if (!presentation || !picture || !bitmap || !isFor(presentation, picture)) return undefined;
  const { left, top, right, bottom } = displayedArea(presentation, picture, bitmap);
  const toPane = (point: Point): Point => pixelToPane(point, view, bitmap, pane);
  const [[ax, ay], [bx, by]] = [toPane([left - 0.5, top - 0.5]), toPane([right - 0.5, bottom - 0.5])];
  const inArea = ([x, y]: Point): Point => [Math.min(ax, bx) + x * Math.abs(bx - ax), Math.min(ay, by) + y * Math.abs(by - ay)];
  const place = (display: boolean, point: Point): Point => (display ? inArea(point) : toPane(point));
  const { graphics, texts } = stateGraphics(presentation, picture);
  const shapes = graphics.flatMap(({ display, lines, filled }) => lines.flatMap((points) => shapesOf(points.map((point) => place(display, point)), filled)));
  const written = texts.map(({ display, lines, corners, anchor }) => {
    const placed = corners.map((corner) => place(display, corner));
    const at: Point = [Math.min(...placed.map(([x]) => x)), Math.min(...placed.map(([, y]) => y))];
    if (anchor) shapes.push({ points: [at, place(anchor.display, anchor.at)], filled: false });
    return { at, lines };
  });
  return { shapes, texts: written };
}

/** A single point is a cross. */
function shapesOf(points: Point[], filled: boolean): LaidState['shapes'] {
  const [first, second] = points;
  if (!first || second) return [{ points, filled }];
  const [x, y] = first;
  return [{ points: [[x - ARM, y], [x + ARM, y]], filled: false }, { points: [[x, y - ARM], [x, y + ARM]], filled: false }];
}
