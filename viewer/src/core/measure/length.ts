// A distance between two points.

import { lengthText, lengthValues } from './scale';
import { moveOne, type ToolDefinition } from './types';
import type { Point } from '../view';

export const lengthTool: ToolDefinition = {
  kind: 'length',
  title: 'Length',
  clicks: 2,
  move: moveOne,
  shapes: ([from, to]) => (from && to ? [{ kind: 'line', from, to }] : []),
  texts: (points, { scale }) => [lengthText(points[0] as Point, points[1] as Point, scale)],
  values: (points, { scale }) => lengthValues('length', points[0] as Point, points[1] as Point, scale),
};
