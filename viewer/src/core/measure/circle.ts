// A circular region: centre and a point of its edge; round in the patient, whatever the shape of the pixels.

import type { Point } from '../view';
import { boxOf, inEllipse, regionTexts, regionValues, statistics } from './region';
import { distanceOf, type Scale } from './scale';
import { moveOne, type Surroundings, type ToolDefinition } from './types';

function corners(points: readonly Point[], scale: Scale): [Point, Point] {
  const [centre, edge] = points as [Point, Point];
  const radius = distanceOf(centre, edge, scale);
  const [rx, ry] = [radius / scale.perColumn, radius / scale.perRow];
  return [[centre[0] - rx, centre[1] - ry], [centre[0] + rx, centre[1] + ry]];
}

function measured(points: readonly Point[], { scale, values }: Surroundings): Parameters<typeof regionValues> {
  const box = boxOf(...corners(points, scale));
  const area = (Math.PI * (box.right - box.left) * (box.bottom - box.top)) / 4;
  return [statistics(values, box, inEllipse(box)), values.unit, area, scale];
}

export const circleTool: ToolDefinition = {
  kind: 'circle',
  title: 'Circle',
  clicks: 2,
  axial: true,
  move: (points, index, to) => {
    const [centre, edge] = points as [Point, Point];
    if (index !== 0) return moveOne(points, index, to);
    return [to, [edge[0] + to[0] - centre[0], edge[1] + to[1] - centre[1]]];
  },
  shapes: (points, scale) => {
    if (points.length < 2) return [];
    const [from, to] = corners(points, scale);
    return [{ kind: 'ellipse', from, to }];
  },
  texts: (points, around) => regionTexts(...measured(points, around)),
  values: (points, around) => regionValues(...measured(points, around)),
};
