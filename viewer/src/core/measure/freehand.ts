// A region within a line drawn by hand, or through corners that are clicked one after the other; it closes itself.

import type { Point } from '../view';
import { regionTexts, regionValues, statistics, type Box } from './region';
import { moveOne, type Surroundings, type ToolDefinition } from './types';

/** The archive keeps no more points of a measurement. */
const MOST = 400;

/** As many points as are kept, spread evenly over those drawn. */
export function thinned(points: readonly Point[], most = MOST): Point[] {
  if (points.length <= most) return [...points];
  return Array.from({ length: most }, (_, index) => points[Math.floor((index * points.length) / most)] as Point);
}

/** Whether the middle of a pixel lies within a closed line; where the line crosses a row is found once for the row. */
export function inPolygon(points: readonly Point[]): (column: number, row: number) => boolean {
  let known: { row: number; crossings: number[] } | undefined;
  return (column, row) => {
    if (known?.row !== row) known = { row, crossings: crossingsOf(points, row) };
    return known.crossings.filter((at) => at <= column).length % 2 === 1;
  };
}

function crossingsOf(points: readonly Point[], row: number): number[] {
  return points.flatMap(([x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length] as Point;
    return y <= row === nextY <= row ? [] : [x + ((row - y) * (nextX - x)) / (nextY - y)];
  });
}

/** In square pixels of the picture. */
export function areaOf(points: readonly Point[]): number {
  const twice = points.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length] as Point;
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

function boxAround(points: readonly Point[]): Box {
  const [across, down] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return { left: Math.min(...across), right: Math.max(...across), top: Math.min(...down), bottom: Math.max(...down) };
}

function measured(points: readonly Point[], { scale, values }: Surroundings): Parameters<typeof regionValues> {
  return [statistics(values, boxAround(points), inPolygon(points)), values.unit, areaOf(points), scale];
}

export const freehandTool: ToolDefinition = {
  kind: 'freehand',
  title: 'Region drawn by hand',
  clicks: Infinity,
  complete: (points) => thinned(points),
  move: moveOne,
  shapes: (points) => [{ kind: 'polygon', points }],
  texts: (points, around) => regionTexts(...measured(points, around)),
  values: (points, around) => regionValues(...measured(points, around)),
};
