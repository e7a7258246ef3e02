// Boxes that will be blanked, in pixels of the picture; the right and bottom edges are not included. Pure.

import { t } from '../language';

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Size {
  rows: number;
  columns: number;
}
export interface Point {
  x: number;
  y: number;
}
/** Which edges of a box move; none: all of it does. */
export interface Grip {
  x: -1 | 0 | 1;
  y: -1 | 0 | 1;
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** The box between two points, at least one pixel large, inside of the picture. */
export function boxBetween(a: Point, b: Point, { rows, columns }: Size): Box {
  const left = clamp(Math.floor(Math.min(a.x, b.x)), 0, columns - 1);
  const top = clamp(Math.floor(Math.min(a.y, b.y)), 0, rows - 1);
  return {
    left,
    top,
    right: clamp(Math.ceil(Math.max(a.x, b.x)), left + 1, columns),
    bottom: clamp(Math.ceil(Math.max(a.y, b.y)), top + 1, rows),
  };
}

/** A box moved by whole pixels; it stays inside of the picture and keeps its size. */
export function moved(box: Box, dx: number, dy: number, { rows, columns }: Size): Box {
  const x = clamp(Math.round(dx), -box.left, columns - box.right);
  const y = clamp(Math.round(dy), -box.top, rows - box.bottom);
  return { left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y };
}

/** A box one or two of whose edges are moved; it stays one, inside of the picture. */
export function resized(box: Box, { x, y }: Grip, dx: number, dy: number, { rows, columns }: Size): Box {
  const [right, down] = [Math.round(dx), Math.round(dy)];
  return {
    left: x < 0 ? clamp(box.left + right, 0, box.right - 1) : box.left,
    top: y < 0 ? clamp(box.top + down, 0, box.bottom - 1) : box.top,
    right: x > 0 ? clamp(box.right + right, box.left + 1, columns) : box.right,
    bottom: y > 0 ? clamp(box.bottom + down, box.top + 1, rows) : box.bottom,
  };
}

/** A box for who adds one without a pointer: a strip in the middle of the upper half. */
export function newBox({ rows, columns }: Size): Box {
  return boxBetween({ x: columns / 4, y: rows / 8 }, { x: (columns * 3) / 4, y: rows / 4 }, { rows, columns });
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The box after an arrow key: moved, with Shift made larger or smaller; ten pixels with Ctrl. Undefined for other keys. */
export function keyed(box: Box, key: string, { shift, ctrl }: { shift: boolean; ctrl: boolean }, size: Size): Box | undefined {
  const step = STEPS[key];
  if (!step) return undefined;
  const [dx, dy] = step.map((value) => value * (ctrl ? 10 : 1)) as [number, number];
  return shift ? resized(box, { x: 1, y: 1 }, dx, dy, size) : moved(box, dx, dy, size);
}

export const toEdges = ({ left, top, right, bottom }: Box): [number, number, number, number] => [left, top, right, bottom];

export function fromEdges(edges: readonly number[]): Box {
  const [left = 0, top = 0, right = 1, bottom = 1] = edges;
  return { left, top, right, bottom };
}

export const described = (box: Box, index: number): string =>
  t('Box {index}: {width} by {height} pixels at {x}, {y}', { index: index + 1, width: box.right - box.left, height: box.bottom - box.top, x: box.left, y: box.top });
