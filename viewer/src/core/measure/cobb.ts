// The Cobb angle: the smaller angle between two lines, with a helper that joins them.

import type { Point } from '../view';
import { angleText, angleValues, degreesBetween } from './angle';
import type { Scale } from './scale';
import { moveOne, type Shape, type ToolDefinition } from './types';

const middle = (a: Point, b: Point): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

function degreesOf(points: readonly Point[], scale: Scale): number {
  const [a, b, c, d] = points as [Point, Point, Point, Point];
  const degrees = degreesBetween([a, b], [c, d], scale);
  return Math.min(degrees, 180 - degrees);
}

export const cobbTool: ToolDefinition = {
  kind: 'cobb',
  title: 'Cobb angle',
  clicks: 4,
  move: moveOne,
  shapes: ([a, b, c, d]) => {
    const shapes: Shape[] = [];
    if (a && b) shapes.push({ kind: 'line', from: a, to: b });
    if (c && d) shapes.push({ kind: 'line', from: c, to: d });
    if (a && b && c && d) shapes.push({ kind: 'line', from: middle(a, b), to: middle(c, d), helper: true });
    return shapes;
  },
  texts: (points, { scale }) => [angleText(degreesOf(points, scale), scale)],
  values: (points, { scale }) => angleValues(degreesOf(points, scale), scale),
};
