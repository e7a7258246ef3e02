// Painting masks on the slices of a series: strokes, thresholds, growing regions. Slices are copied, never changed. Pure.

import { dot, type Vector } from '../geometry';
import { add, scaled, subtract } from '../plane';
import { wholeSlice, type MaskSlices, type SliceGrid } from './slice-grid';

/** Masks by number of the segment, of whole slices; no pixel is in two of them. */
export type Painted = ReadonlyMap<number, MaskSlices>;

export interface Stroke {
  from: Vector;
  to: Vector;
  /** mm. */
  radius: number;
  /** The only slice to paint; without it a sphere through all. */
  slice?: number;
  /** What may be painted, by slice and pixel. */
  allowed?(slice: number, at: number): boolean;
}

/** Which pixels of which slices a change concerns. */
export type Touched = ReadonlyMap<number, readonly number[]>;

/** Pixels whose middle is not further than the radius from the line that the pointer took. */
export function touched(grid: SliceGrid, stroke: Stroke): Touched {
  const found = new Map<number, number[]>();
  const slices = stroke.slice === undefined ? grid.places.map((_, index) => index) : [stroke.slice];
  for (const slice of slices) {
    const at = touchedOn(grid, stroke, slice);
    if (at.length > 0) found.set(slice, at);
  }
  return found;
}

function touchedOn(grid: SliceGrid, { from, to, radius, slice: only, allowed }: Stroke, slice: number): number[] {
  const origin = grid.origins[slice] as Vector;
  const flat = (place: Vector): Vector => {
    const v = subtract(place, origin);
    return [dot(v, grid.row), dot(v, grid.column), only === undefined ? dot(v, grid.normal) : 0];
  };
  const [a, b] = [flat(from), flat(to)];
  if (Math.min(Math.abs(a[2]), Math.abs(b[2])) > radius && a[2] * b[2] > 0) return [];
  const line = subtract(b, a);
  const long = dot(line, line);
  const [low, high] = ([0, 1] as const).map((axis) => [Math.min(a[axis], b[axis]) - radius, Math.max(a[axis], b[axis]) + radius]) as [[number, number], [number, number]];
  const [left, right] = [Math.max(0, Math.ceil(low[0] / grid.columnStep)), Math.min(grid.columns - 1, Math.floor(low[1] / grid.columnStep))];
  const [top, bottom] = [Math.max(0, Math.ceil(high[0] / grid.rowStep)), Math.min(grid.rows - 1, Math.floor(high[1] / grid.rowStep))];
  const found: number[] = [];
  for (let j = top; j <= bottom; j += 1) {
    for (let i = left; i <= right; i += 1) {
      const p = subtract([i * grid.columnStep, j * grid.rowStep, 0], a);
      const share = long > 0 ? Math.min(1, Math.max(0, dot(p, line) / long)) : 0;
      const away = subtract(p, scaled(line, share));
      const at = j * grid.columns + i;
      if (dot(away, away) <= radius * radius && (allowed?.(slice, at) ?? true)) found.push(at);
    }
  }
  return found;
}

/** With these pixels in a segment and in no other; `segment` undefined takes them out of all. */
export function painted(before: Painted, where: Touched, segment: number | undefined, { columns, rows }: SliceGrid): Painted {
  const after = new Map(before);
  if (segment !== undefined && !after.has(segment)) after.set(segment, new Map());
  for (const [number, slices] of after) {
    const changed = new Map(slices);
    for (const [slice, pixels] of where) {
      const values = slices.get(slice)?.values;
      if (number !== segment && !values) continue;
      const copy = values?.slice() ?? new Uint8Array(columns * rows);
      for (const at of pixels) copy[at] = number === segment ? 255 : 0;
      changed.set(slice, wholeSlice(copy, columns));
    }
    after.set(number, changed);
  }
  return after;
}

/** The same, for one segment alone: taking out does not touch the others. */
export function erased(before: Painted, where: Touched, segment: number, grid: SliceGrid): Painted {
  const one = before.get(segment);
  return one ? new Map([...before, ...painted(new Map([[segment, one]]), where, undefined, grid)]) : before;
}

/** Values of a slice; undefined while they are not there. */
export type SliceValues = (slice: number) => ((at: number) => number) | undefined;

export interface Growth {
  seed: { slice: number; at: number };
  low: number;
  high: number;
  /** Slices to stay in. */
  from: number;
  to: number;
}

/** No more pixels than these are taken in. */
export const MOST_GROWN = 20_000_000;

/** All pixels between two values that hang together with the seed, by faces; undefined where they are too many. */
export function grown(grid: SliceGrid, values: SliceValues, { seed, low, high, from, to }: Growth): Touched | undefined {
  const { columns, rows } = grid;
  const seen = new Map<number, Uint8Array>();
  const found = new Map<number, number[]>();
  const fits = (slice: number, at: number): boolean => {
    const marks = seen.get(slice) ?? new Uint8Array(columns * rows);
    seen.set(slice, marks);
    if (marks[at]) return false;
    marks[at] = 1;
    const value = values(slice)?.(at);
    return value !== undefined && value >= low && value <= high;
  };
  const waiting: [number, number][] = fits(seed.slice, seed.at) ? [[seed.slice, seed.at]] : [];
  for (let count = 0, next = waiting.pop(); next; next = waiting.pop()) {
    const [slice, at] = next;
    const pixels = found.get(slice) ?? [];
    found.set(slice, pixels);
    pixels.push(at);
    count += 1;
    if (count > MOST_GROWN) return undefined;
    const x = at % columns;
    if (x > 0 && fits(slice, at - 1)) waiting.push([slice, at - 1]);
    if (x + 1 < columns && fits(slice, at + 1)) waiting.push([slice, at + 1]);
    if (at >= columns && fits(slice, at - columns)) waiting.push([slice, at - columns]);
    if (at + columns < columns * rows && fits(slice, at + columns)) waiting.push([slice, at + columns]);
    if (slice > from && fits(slice - 1, at)) waiting.push([slice - 1, at]);
    if (slice < to && fits(slice + 1, at)) waiting.push([slice + 1, at]);
  }
  return found;
}

/** Runs of pixels inside: where each begins and how long it is. */
export function runsOf(values: Uint8Array): number[] {
  const runs: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    if (!values[at]) continue;
    const from = at;
    while (at < values.length && values[at]) at += 1;
    runs.push(from, at - from);
  }
  return runs;
}

/** A place moved onto a slice along the normal. */
export const ontoSlice = (grid: SliceGrid, place: Vector, slice: number): Vector => add(place, grid.normal, -dot(subtract(place, grid.origins[slice] as Vector), grid.normal));
