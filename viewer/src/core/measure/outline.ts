// Shapes as outlines in the pane, for drawing, hitting with the pointer, and placing text.

import type { Point } from '../view';
import type { Shape } from './types';

/** Points along a shape in pixels of the picture; closed shapes return to their first point. */
export function outline(shape: Shape): Point[] {
  switch (shape.kind) {
    case 'line':
      return [shape.from, shape.to];
    case 'cross':
      return [shape.at];
    case 'polygon':
      return [...shape.points, ...shape.points.slice(0, 1)];
    case 'rectangle':
      return [shape.from, [shape.to[0], shape.from[1]], shape.to, [shape.from[0], shape.to[1]], shape.from];
    case 'ellipse': {
      const [cx, cy] = [(shape.from[0] + shape.to[0]) / 2, (shape.from[1] + shape.to[1]) / 2];
      const [rx, ry] = [Math.abs(shape.to[0] - shape.from[0]) / 2, Math.abs(shape.to[1] - shape.from[1]) / 2];
      return Array.from({ length: 49 }, (_, index): Point => [cx + rx * Math.cos((index * Math.PI) / 24), cy + ry * Math.sin((index * Math.PI) / 24)]);
    }
  }
}

/** Distance of a point from a chain of points. */
export function distanceToChain(chain: readonly Point[], [x, y]: Point): number {
  if (chain.length === 1) return Math.hypot(x - (chain[0] as Point)[0], y - (chain[0] as Point)[1]);
  let least = Infinity;
  for (let i = 1; i < chain.length; i += 1) {
    const [[ax, ay], [bx, by]] = [chain[i - 1] as Point, chain[i] as Point];
    const square = (bx - ax) ** 2 + (by - ay) ** 2;
    const share = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square));
    least = Math.min(least, Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay)));
  }
  return least;
}

export function nearestPoint(points: readonly Point[], to: Point): Point | undefined {
  return [...points].sort((a, b) => Math.hypot(a[0] - to[0], a[1] - to[1]) - Math.hypot(b[0] - to[0], b[1] - to[1]))[0];
}
