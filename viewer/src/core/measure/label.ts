// Where a measurement's text stands: beside the shape, never on it; or where it was dragged to. In CSS pixels of the pane.

import type { Point, Size } from '../view';

export interface LabelBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const LINE_HEIGHT = 16;
const CHARACTER = 7.3;
/** Chinese, Japanese and Korean characters are as wide as they are high. */
const [WIDE, FROM] = [12, 0x1100];
const PADDING = 6;
const GAP = 14;

export function labelSize(lines: readonly string[]): Size {
  const longest = Math.max(0, ...lines.map(widthOf));
  return { width: longest + PADDING * 2, height: lines.length * LINE_HEIGHT + PADDING };
}

const widthOf = (line: string): number => Array.from(line, (one) => ((one.codePointAt(0) ?? 0) < FROM ? CHARACTER : WIDE)).reduce((sum, width) => sum + width, 0);

/** `outline` are points of the shape in the pane. To its right, else to its left, else below; always inside the pane. */
export function labelBeside(outline: readonly Point[], lines: readonly string[], pane: Size): LabelBox {
  const { width, height } = labelSize(lines);
  const [xs, ys] = [outline.map(([x]) => x), outline.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const y = clamp((top + bottom) / 2 - height / 2, pane.height - height);
  if (right + GAP + width <= pane.width) return { x: right + GAP, y, width, height };
  if (left - GAP - width >= 0) return { x: left - GAP - width, y, width, height };
  const below = bottom + GAP + height <= pane.height ? bottom + GAP : top - GAP - height;
  return { x: clamp((left + right) / 2 - width / 2, pane.width - width), y: clamp(below, pane.height - height), width, height };
}

/** The same where the text was dragged to: its middle lies at this point. */
export function labelAt([x, y]: Point, lines: readonly string[]): LabelBox {
  const { width, height } = labelSize(lines);
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** Between boxes that had to be moved. */
const APART = 2;

/** Boxes of which none lies on another: each goes up or down to the nearest free place, if there is one; but for those that are fixed. */
export function apart(boxes: readonly { box: LabelBox; fixed: boolean }[], pane: Size): LabelBox[] {
  const taken = boxes.filter(({ fixed }) => fixed).map(({ box }) => box);
  return boxes.map(({ box, fixed }) => {
    if (fixed) return box;
    const free = nearestFree(box, taken, pane);
    taken.push(free);
    return free;
  });
}

function nearestFree(box: LabelBox, taken: readonly LabelBox[], pane: Size): LabelBox {
  const near = taken.filter(({ x, width }) => x < box.x + box.width && box.x < x + width);
  const isFree = (top: number): boolean => near.every(({ y, height }) => top >= y + height || top + box.height <= y);
  const tops = near.flatMap(({ y, height }) => [y - box.height - APART, y + height + APART]).filter((top) => top >= 0 && top + box.height <= pane.height);
  const [y = box.y] = [box.y, ...tops].filter(isFree).sort((a, b) => Math.abs(a - box.y) - Math.abs(b - box.y));
  return { ...box, y };
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, Math.max(0, most)));

export const inLabel = ({ x, y, width, height }: LabelBox, [px, py]: Point): boolean => px >= x && px <= x + width && py >= y && py <= y + height;

/** The point of the box nearest to another, where a leader line ends. */
export const nearestOfBox = ({ x, y, width, height }: LabelBox, [px, py]: Point): Point => [Math.max(x, Math.min(px, x + width)), Math.max(y, Math.min(py, y + height))];
