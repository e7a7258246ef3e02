// An elliptical region between two corners.

import type { Point } from '../view';
import { boxOf, inEllipse, regionTexts, regionValues, statistics } from './region';
import { moveOne, type Surroundings, type ToolDefinition } from './types';

function measured(points: readonly Point[], { scale, values }: Surroundings): Parameters<typeof regionValues> {
  const box = boxOf(points[0] as Point, points[1] as Point);
  const area = (Math.PI * (box.right - box.left) * (box.bottom - box.top)) / 4;
  return [statistics(values, box, inEllipse(box)), values.unit, area, scale];
}

export const ellipseTool: ToolDefinition = {
  kind: 'ellipse',
  title: 'Ellipse',
  clicks: 2,
  axial: true,
  move: moveOne,
  shapes: ([from, to]) => (from && to ? [{ kind: 'ellipse', from, to }] : []),
  texts: (points, around) => regionTexts(...measured(points, around)),
  values: (points, around) => regionValues(...measured(points, around)),
};
