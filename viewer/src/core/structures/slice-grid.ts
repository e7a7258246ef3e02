// Masks on parallel slices: where they lie, what they are on any plane (nearest neighbour), how large they are. Pure.

import { dot, type Vector } from '../geometry';
import { add, parallel, scaled, subtract, toPixel, type ImagePlane } from '../plane';
import { t } from '../language';

/** Parallel slices of one size. Those in between that hold nothing may be left out; a slice may be shifted (gantry tilt). */
export interface SliceGrid {
  columns: number;
  rows: number;
  row: Vector;
  column: Vector;
  normal: Vector;
  columnStep: number;
  rowStep: number;
  /** The middle of the first pixel of each slice, in the order of `places`. */
  origins: readonly Vector[];
  /** mm along the normal from the first slice, rising. */
  places: readonly number[];
  /** How far a slice reaches along the normal, in mm. */
  thickness: number;
  FrameOfReferenceUID: string;
}

/** A part of a slice, one byte a pixel, 0 to 255 = wholly inside; nothing of the structure lies beyond it. */
export interface MaskSlice {
  left: number;
  top: number;
  width: number;
  height: number;
  values: Uint8Array;
}

/** By number of the slice. */
export type MaskSlices = ReadonlyMap<number, MaskSlice>;

/** More than half of a voxel counts as inside. */
export const INSIDE = 128;
/** Slices nearer to one another than this are one, in mm. */
const SAME = 0.01;

/** The grid of parallel planes of one size, with the number of the slice of each plane; or why there is none. */
export function gridOf(planes: readonly ImagePlane[], thickness: number | undefined): { grid: SliceGrid; slice: number[] } | { reason: string } {
  const [first] = planes;
  if (!first) return { reason: t('it has no frame with a place in the patient') };
  if (planes.some((plane) => !parallel(first, plane) || dot(first.row, plane.row) < 0.9986)) return { reason: t('its frames are not parallel') };
  if (planes.some((plane) => plane.columns !== first.columns || plane.rows !== first.rows)) return { reason: t('its frames differ in size') };
  const along = planes.map(({ origin }) => dot(subtract(origin, first.origin), first.normal));
  const order = along.map((_, index) => index).sort((a, b) => (along[a] as number) - (along[b] as number));
  const [origins, places, slice]: [Vector[], number[], number[]] = [[], [], planes.map(() => 0)];
  const base = along[order[0] as number] as number;
  for (const index of order) {
    const place = (along[index] as number) - base;
    if (places.length === 0 || place - (places.at(-1) as number) > SAME) {
      places.push(place);
      origins.push((planes[index] as ImagePlane).origin);
    }
    slice[index] = places.length - 1;
  }
  const { columns, rows, row, column, normal, columnStep, rowStep, FrameOfReferenceUID } = first;
  return { slice, grid: { columns, rows, row, column, normal, columnStep, rowStep, origins, places, thickness: thicknessOf(places, thickness), FrameOfReferenceUID } };
}

/** What the header says where slices lie a whole number of times that apart, else the least distance; 1 mm without either. */
function thicknessOf(places: readonly number[], said: number | undefined): number {
  const least = Math.min(...places.slice(1).map((place, index) => place - (places[index] as number)));
  const times = least / (said ?? 0);
  if (said !== undefined && said > 0 && (places.length < 2 || (times > 0.98 && Math.abs(times - Math.round(times)) < 0.02))) return said;
  return places.length > 1 ? least : 1;
}

/** The slice at a place along the normal; -1 between and beyond slices. */
export function sliceAt({ places, thickness }: SliceGrid, along: number): number {
  let [low, high] = [0, places.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) <= along) low = middle;
    else high = middle;
  }
  const near = Math.abs((places[high] as number) - along) < Math.abs(along - (places[low] as number)) ? high : low;
  return Math.abs((places[near] as number) - along) <= thickness / 2 + SAME ? near : -1;
}

/** A whole slice. */
export const wholeSlice = (values: Uint8Array, columns: number): MaskSlice => ({ left: 0, top: 0, width: columns, height: values.length / columns, values });

/** The part of a slice that is not empty; undefined where all is. */
export function cropped(values: Uint8Array, columns: number): MaskSlice | undefined {
  let [left, right, top, bottom] = [columns, -1, -1, -1];
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] === 0) continue;
    const x = at % columns;
    if (top < 0) top = (at - x) / columns;
    bottom = (at - x) / columns;
    if (x < left) left = x;
    if (x > right) right = x;
  }
  if (top < 0) return undefined;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const part = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) part.set(values.subarray((top + y) * columns + left, (top + y) * columns + right + 1), y * width);
  return { left, top, width, height, values: part };
}

/** A slice with all its pixels. */
export function uncropped({ left, top, width, height, values }: MaskSlice, columns: number, rows: number): Uint8Array {
  const whole = new Uint8Array(columns * rows);
  for (let y = 0; y < height; y += 1) whole.set(values.subarray(y * width, (y + 1) * width), (top + y) * columns + left);
  return whole;
}

const boxes = new WeakMap<MaskSlices, Vector[]>();

/** The corners of the box that holds all slices, in the patient. */
function cornersOf(grid: SliceGrid, slices: MaskSlices): Vector[] {
  const known = boxes.get(slices);
  if (known) return known;
  const half = scaled(grid.normal, grid.thickness / 2);
  const found = [...slices].flatMap(([slice, { left, top, width, height }]) => {
    const origin = grid.origins[slice] as Vector;
    const corner = (i: number, j: number): Vector => add(add(origin, grid.row, i * grid.columnStep), grid.column, j * grid.rowStep);
    return [corner(left - 1, top - 1), corner(left + width, top - 1), corner(left - 1, top + height), corner(left + width, top + height)].flatMap((at) => [add(at, half), subtract(at, half)]);
  });
  boxes.set(slices, found);
  return found;
}

interface Part {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The part of a plane's pixels that the slices can reach. */
function reach(grid: SliceGrid, slices: MaskSlices, plane: ImagePlane): Part | undefined {
  const part = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  let [near, far] = [Infinity, -Infinity];
  for (const corner of cornersOf(grid, slices)) {
    const { pixel, distance } = toPixel(plane, corner);
    [near, far] = [Math.min(near, distance), Math.max(far, distance)];
    [part.left, part.right] = [Math.min(part.left, pixel[0]), Math.max(part.right, pixel[0])];
    [part.top, part.bottom] = [Math.min(part.top, pixel[1]), Math.max(part.bottom, pixel[1])];
  }
  if (!(near <= SAME && far >= -SAME)) return undefined;
  return { left: Math.max(0, Math.floor(part.left)), top: Math.max(0, Math.floor(part.top)), right: Math.min(plane.columns - 1, Math.ceil(part.right)), bottom: Math.min(plane.rows - 1, Math.ceil(part.bottom)) };
}

interface Step {
  along: number;
  u: number;
  v: number;
}

/** The masks on a plane, one byte a pixel of it; undefined where they do not meet. */
export function sampleMask(grid: SliceGrid, slices: MaskSlices, plane: ImagePlane): Uint8Array | undefined {
  const part = reach(grid, slices, plane);
  if (!part) return undefined;
  const first = grid.origins[0] as Vector;
  const project = (v: Vector): Step => ({ along: dot(v, grid.normal), u: dot(v, grid.row) / grid.columnStep, v: dot(v, grid.column) / grid.rowStep });
  const start = project(subtract(plane.origin, first));
  const [right, down] = [project(scaled(plane.row, plane.columnStep)), project(scaled(plane.column, plane.rowStep))];
  const shifts = grid.origins.map((origin) => project(subtract(origin, first)));
  const out = new Uint8Array(plane.columns * plane.rows);
  let found = false;
  for (let y = part.top; y <= part.bottom; y += 1) {
    let known = NaN;
    let slice: MaskSlice | undefined;
    let shift: Step = start;
    for (let x = part.left; x <= part.right; x += 1) {
      const along = start.along + x * right.along + y * down.along;
      if (!(Math.abs(along - known) < 1e-4)) {
        const number = sliceAt(grid, along);
        slice = number < 0 ? undefined : slices.get(number);
        shift = shifts[Math.max(0, number)] as Step;
        known = along;
      }
      if (!slice) continue;
      const i = Math.round(start.u + x * right.u + y * down.u - shift.u) - slice.left;
      const j = Math.round(start.v + x * right.v + y * down.v - shift.v) - slice.top;
      if (i < 0 || j < 0 || i >= slice.width || j >= slice.height) continue;
      const value = slice.values[j * slice.width + i] as number;
      if (value === 0) continue;
      out[y * plane.columns + x] = value;
      found = true;
    }
  }
  return found ? out : undefined;
}

/** Voxels inside, their volume in ml, and the middle of mass. */
export function measureMask(grid: SliceGrid, slices: MaskSlices): { voxels: number; volume: number; middle: Vector | undefined } {
  let voxels = 0;
  let sum: Vector = [0, 0, 0];
  for (const [number, { left, top, width, values }] of slices) {
    let [count, u, v] = [0, 0, 0];
    for (let at = 0; at < values.length; at += 1) {
      if ((values[at] as number) < INSIDE) continue;
      count += 1;
      u += left + (at % width);
      v += top + Math.floor(at / width);
    }
    voxels += count;
    sum = add(add(add(sum, grid.origins[number] as Vector, count), grid.row, u * grid.columnStep), grid.column, v * grid.rowStep);
  }
  const volume = (voxels * grid.columnStep * grid.rowStep * grid.thickness) / 1000;
  return { voxels, volume, middle: voxels > 0 ? scaled(sum, 1 / voxels) : undefined };
}

/** A place inside on the slice that holds most of the mask, for a jump to it. */
export function middleOfMask(grid: SliceGrid, slices: MaskSlices): Vector | undefined {
  let best: { slice: MaskSlices; count: number } | undefined;
  for (const [slice, mask] of slices) {
    const count = mask.values.reduce((all, value) => all + (value >= INSIDE ? 1 : 0), 0);
    if (count > (best?.count ?? 0)) best = { slice: new Map([[slice, mask]]), count };
  }
  return best && measureMask(grid, best.slice).middle;
}
