// A rectangular region between two corners.

import type { Point } from '../view';
import { boxOf, inBox, regionTexts, regionValues, statistics } from './region';
import { moveOne, type Surroundings, type ToolDefinition } from './types';

function measured(points: readonly Point[], { scale, values }: Surroundings): Parameters<typeof regionValues> {
  const box = boxOf(points[0] as Point, points[1] as Point);
  const area = (box.right - box.left) * (box.bottom - box.top);
  return [statistics(values, box, inBox), values.unit, area, scale];
}

export const rectangleTool: ToolDefinition = {
  kind: 'rectangle',
  title: 'Rectangle',
  clicks: 2,
  axial: true,
  move: moveOne,
  shapes: ([from, to]) => (from && to ? [{ kind: 'rectangle', from, to }] : []),
  texts: (points, around) => regionTexts(...measured(points, around)),
  values: (points, around) => regionValues(...measured(points, around)),
};
