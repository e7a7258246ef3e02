// The border of a mask along the edges of its pixels, as straight runs. Pure.

import { INSIDE } from './slice-grid';

/** Lines x1, y1, x2, y2 one behind the other, in pixels where the corner of the first pixel is 0, 0. */
export type Lines = Float32Array<ArrayBuffer>;

export function maskOutline(mask: Uint8Array, columns: number, rows: number): Lines {
  const lines: number[] = [];
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < columns && y < rows && (mask[y * columns + x] as number) >= INSIDE;
  const box = bounds(mask, columns);
  if (!box) return new Float32Array();
  for (let y = box.top; y <= box.bottom + 1; y += 1) run(box.left, box.right, (x) => inside(x, y) !== inside(x, y - 1), (from, to) => lines.push(from, y, to, y));
  for (let x = box.left; x <= box.right + 1; x += 1) run(box.top, box.bottom, (y) => inside(x, y) !== inside(x - 1, y), (from, to) => lines.push(x, from, x, to));
  return new Float32Array(lines);
}

function run(first: number, last: number, edge: (at: number) => boolean, found: (from: number, to: number) => void): void {
  let from = -1;
  for (let at = first; at <= last + 1; at += 1) {
    const here = at <= last && edge(at);
    if (here && from < 0) from = at;
    if (!here && from >= 0) {
      found(from, at);
      from = -1;
    }
  }
}

function bounds(mask: Uint8Array, columns: number): { left: number; right: number; top: number; bottom: number } | undefined {
  let [left, right, top, bottom] = [Infinity, -1, -1, -1];
  for (let at = 0; at < mask.length; at += 1) {
    if ((mask[at] as number) < INSIDE) continue;
    const x = at % columns;
    const y = (at - x) / columns;
    if (top < 0) top = y;
    bottom = y;
    if (x < left) left = x;
    if (x > right) right = x;
  }
  return top < 0 ? undefined : { left, right, top, bottom };
}
