// An elliptical region between two corners.

import type { Point } from '../view';
import { boxOf, inEllipse, regionTexts, statistics } from './region';
import { moveOne, type ToolDefinition } from './types';

export const ellipseTool: ToolDefinition = {
  kind: 'ellipse',
  title: 'Ellipse',
  clicks: 2,
  axial: true,
  move: moveOne,
  shapes: ([from, to]) => (from && to ? [{ kind: 'ellipse', from, to }] : []),
  texts: (points, { scale, values }) => {
    const box = boxOf(points[0] as Point, points[1] as Point);
    const area = (Math.PI * (box.right - box.left) * (box.bottom - box.top)) / 4;
    return regionTexts(statistics(values, box, inEllipse(box)), values.unit, area, scale);
  },
};
