import { describe, expect, it } from 'vitest';
import type { ImagePlane } from '../src/core/plane';
import { erased, grown, ontoSlice, painted, runsOf, touched, type Painted } from '../src/core/structures/paint';
import { gridOf, type SliceGrid } from '../src/core/structures/slice-grid';
import type { Vector } from '../src/core/geometry';

const plane = (z: number): ImagePlane => ({ origin: [0, 0, z], row: [1, 0, 0], column: [0, 1, 0], normal: [0, 0, 1], columnStep: 1, rowStep: 2, columns: 12, rows: 10, FrameOfReferenceUID: '1' });
const made = gridOf([0, 3, 6].map(plane), undefined);
const grid = (made as { grid: SliceGrid }).grid;
const pixels = (value: Painted, segment: number, slice: number): number[] => [...(value.get(segment)?.get(slice)?.values ?? [])].flatMap((one, at) => (one ? [at] : []));

describe('a stroke', () => {
  it('takes the pixels within its radius, on its slice alone or as a sphere', () => {
    const at: Vector = [5, 8, 0];
    const found = touched(grid, { from: at, to: at, radius: 2, slice: 0 });
    expect([...found.keys()]).toEqual([0]);
    expect(found.get(0)).toEqual([41, 51, 52, 53, 54, 55, 65]);
  });

  it('follows the pointer between two places', () => {
    const line = touched(grid, { from: [2, 8, 0], to: [9, 8, 0], radius: 0.5, slice: 0 }).get(0);
    expect(line).toEqual([50, 51, 52, 53, 54, 55, 56, 57]);
    expect(touched(grid, { from: [2, 8, 3], to: [9, 8, 3], radius: 0.5 }).has(0)).toBe(false);
  });

  it('as a sphere reaches other slices in smaller circles', () => {
    const ball = touched(grid, { from: [5, 8, 3], to: [5, 8, 3], radius: 3.5 });
    const counts = [0, 1, 2].map((slice) => ball.get(slice)?.length ?? 0);
    expect(counts[0]).toBe(counts[2]);
    expect((counts[1] as number) > (counts[0] as number) && (counts[0] as number) > 0).toBe(true);
  });

  it('keeps within what is allowed', () => {
    expect(touched(grid, { from: [5, 8, 0], to: [5, 8, 0], radius: 1, slice: 0, allowed: (_, at) => at === 53 }).get(0)).toEqual([53]);
    expect(ontoSlice(grid, [1, 2, 7], 1)).toEqual([1, 2, 3]);
  });
});

describe('what is painted', () => {
  const one = painted(new Map(), new Map([[1, [3, 4, 5]]]), 1, grid);
  it('belongs to one segment at a time, and what was before stays as it was', () => {
    const two = painted(one, new Map([[1, [5, 6]]]), 2, grid);
    expect([pixels(two, 1, 1), pixels(two, 2, 1)]).toEqual([[3, 4], [5, 6]]);
    expect(pixels(one, 1, 1)).toEqual([3, 4, 5]);
    expect(pixels(erased(two, new Map([[1, [4, 5]]]), 1, grid), 1, 1)).toEqual([3]);
    expect(pixels(erased(two, new Map([[1, [4, 5]]]), 1, grid), 2, 1)).toEqual([5, 6]);
  });

  it('goes out as runs', () => {
    expect(runsOf(Uint8Array.from([0, 255, 255, 0, 0, 255]))).toEqual([1, 2, 5, 1]);
    expect(runsOf(new Uint8Array(4))).toEqual([]);
  });
});

describe('a region', () => {
  /** A bright box of columns 2 to 4, rows 1 to 3 on the first two slices, and a far pixel. */
  const bright = (slice: number, at: number): boolean => (slice < 2 && at % 12 >= 2 && at % 12 <= 4 && Math.floor(at / 12) >= 1 && Math.floor(at / 12) <= 3) || at === 119;
  const values = (slice: number) => (at: number): number => (bright(slice, at) ? 100 : 0);
  const from = (from: number, to: number, at = 27): ReturnType<typeof grown> => grown(grid, values, { seed: { slice: 0, at }, low: 50, high: 150, from, to });

  it('takes what hangs together, on one slice or through them', () => {
    expect([...(from(0, 0) ?? [])].map(([slice, found]) => [slice, found.length])).toEqual([[0, 9]]);
    expect([...(from(0, 2) ?? [])].map(([slice, found]) => [slice, found.length])).toEqual([[0, 9], [1, 9]]);
    expect(from(0, 2, 0)?.size).toBe(0);
    expect(from(0, 2, 119)?.size).toBe(3);
  });

  it('leaves out slices that have not come', () => {
    const some = grown(grid, (slice) => (slice === 0 ? values(0) : undefined), { seed: { slice: 0, at: 27 }, low: 50, high: 150, from: 0, to: 2 });
    expect([...(some?.keys() ?? [])]).toEqual([0]);
  });
});
