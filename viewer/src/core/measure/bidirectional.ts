// Two diameters at right angles (RECIST): the long one is drawn, the short one crosses it and stays at right angles.

import { fixed } from '../language';
import type { Point } from '../view';
import { distanceOf, isPlanar, lengthText, lengthValues, sourceText, type Scale } from './scale';
import { moveOne, type ToolDefinition } from './types';

type Four = [Point, Point, Point, Point];

const toMm = ([x, y]: Point, scale: Scale): Point => [x * scale.perColumn, y * scale.perRow];
const toPixels = ([x, y]: Point, scale: Scale): Point => [x / scale.perColumn, y / scale.perRow];

/** The short axis through the share `at` (0..1) of the long one, `before` and `after` mm to its two sides. */
function crossed(a: Point, b: Point, at: number, [before, after]: readonly [number, number], scale: Scale): Four {
  const [p, q] = [toMm(a, scale), toMm(b, scale)];
  const length = Math.hypot(q[0] - p[0], q[1] - p[1]) || 1;
  const across: Point = [-(q[1] - p[1]) / length, (q[0] - p[0]) / length];
  const foot: Point = [p[0] + (q[0] - p[0]) * at, p[1] + (q[1] - p[1]) * at];
  const end = (distance: number): Point => toPixels([foot[0] + across[0] * distance, foot[1] + across[1] * distance], scale);
  return [a, b, end(-before), end(after)];
}

/** Where a point lies beside the long axis: share along it, and mm to its side. */
function beside(a: Point, b: Point, point: Point, scale: Scale): { at: number; side: number } {
  const [p, q, r] = [toMm(a, scale), toMm(b, scale), toMm(point, scale)];
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  const square = dx * dx + dy * dy || 1;
  return { at: ((r[0] - p[0]) * dx + (r[1] - p[1]) * dy) / square, side: ((r[1] - p[1]) * dx - (r[0] - p[0]) * dy) / Math.sqrt(square) };
}

function move(points: readonly Point[], index: number, to: Point, scale: Scale): Point[] {
  if (points.length < 4) return moveOne(points, index, to);
  const [a, b, c, d] = points as Four;
  const [low, high] = [beside(a, b, c, scale), beside(a, b, d, scale)];
  if (index < 2) return crossed(index === 0 ? to : a, index === 1 ? to : b, low.at, [-low.side, high.side], scale);
  const moved = beside(a, b, to, scale);
  const at = Math.min(1, Math.max(0, moved.at));
  return crossed(a, b, at, index === 2 ? [-moved.side, high.side] : [-low.side, moved.side], scale);
}

export const bidirectionalTool: ToolDefinition = {
  kind: 'bidirectional',
  title: 'Bidirectional',
  clicks: 2,
  complete: (points, scale) => {
    const [a, b] = points as [Point, Point];
    const half = distanceOf(a, b, scale) / 4;
    return crossed(a, b, 0.5, [half, half], scale);
  },
  move,
  shapes: ([a, b, c, d]) => [...(a && b ? [{ kind: 'line' as const, from: a, to: b }] : []), ...(c && d ? [{ kind: 'line' as const, from: c, to: d }] : [])],
  texts: (points, { scale }) => {
    const [a, b, c, d] = points as Four;
    if (!isPlanar(scale)) return [lengthText(a, b, scale)];
    const [long, short] = [distanceOf(a, b, scale), distanceOf(c, d, scale)].sort((x, y) => y - x) as [number, number];
    return [`${fixed(long, 1)} × ${fixed(short, 1)} ${scale.unitX}${sourceText(scale)}`];
  },
  values: (points, { scale }) => {
    const [a, b, c, d] = points as Four;
    const [long, short] = distanceOf(a, b, scale) >= distanceOf(c, d, scale) ? [[a, b], [c, d]] as const : [[c, d], [a, b]] as const;
    return [...lengthValues('length', ...long, scale), ...lengthValues('width', ...short, scale)];
  },
};
