// A rectangular region between two corners.

import type { Point } from '../view';
import { boxOf, inBox, regionTexts, statistics } from './region';
import { moveOne, type ToolDefinition } from './types';

export const rectangleTool: ToolDefinition = {
  kind: 'rectangle',
  title: 'Rectangle',
  clicks: 2,
  axial: true,
  move: moveOne,
  shapes: ([from, to]) => (from && to ? [{ kind: 'rectangle', from, to }] : []),
  texts: (points, { scale, values }) => {
    const box = boxOf(points[0] as Point, points[1] as Point);
    return regionTexts(statistics(values, box, inBox), values.unit, (box.right - box.left) * (box.bottom - box.top), scale);
  },
};
