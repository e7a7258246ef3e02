// Lines of equal value on a grid (marching squares, linear between values), one short line for each square crossed. Pure.

import type { Lines } from './mask-outline';

/** `values` may hold NaN, where no line goes. Ends are in steps of the grid; the first value is at 0, 0. */
export function isolines(values: Float32Array, columns: number, rows: number, level: number): Lines {
  const lines: number[] = [];
  const ends: number[] = [];
  const share = (a: number, b: number): number => (level - a) / (b - a);
  for (let y = 0; y + 1 < rows; y += 1) {
    for (let x = 0; x + 1 < columns; x += 1) {
      const at = y * columns + x;
      const [a, b] = [values[at] as number, values[at + 1] as number];
      const [d, c] = [values[at + columns] as number, values[at + columns + 1] as number];
      const [A, B, C, D] = [a >= level, b >= level, c >= level, d >= level];
      if ((A === B && B === C && C === D) || Number.isNaN(a + b + c + d)) continue;
      ends.length = 0;
      if (A !== B) ends.push(x + share(a, b), y);
      if (B !== C) ends.push(x + 1, y + share(b, c));
      if (C !== D) ends.push(x + share(d, c), y + 1);
      if (D !== A) ends.push(x, y + share(a, d));
      if (ends.length === 8) saddle(ends, A === (a + b + c + d) / 4 >= level);
      lines.push(...ends);
    }
  }
  return new Float32Array(lines);
}

/** Four crossings (top, right, bottom, left) are two lines: which two, the middle of the square says. */
function saddle(ends: number[], joined: boolean): void {
  if (joined) return;
  const [right, left] = [ends.slice(2, 4), ends.slice(6, 8)];
  ends.splice(2, 2, ...left);
  ends.splice(6, 2, ...right);
}
