// Cuts a plane, or a slab of several, out of a volume of which any part of the slices has come; what has not is taken from a
// small volume of the same, if there is one. Typed arrays, no objects a pixel.

import type { Vector } from './geometry';
import { directionToVoxel, toVoxel, type VolumeGeometry } from './volume';

export type SlabMode = 'max' | 'min' | 'mean';

/** The plane to cut: the middle of its first pixel, and a step to the right and down, in the patient. */
export interface Cut {
  origin: Vector;
  right: Vector;
  down: Vector;
  columns: number;
  rows: number;
  /** Several parallel planes, `step` apart around the first. */
  slab?: { step: Vector; samples: number; mode: SlabMode };
  /** Each column by itself, along a path, in place of the plane. */
  strips?: readonly Strip[];
}

/** One column: the middle of its first pixel, a step down it, and one to the next layer of a slab. */
export interface Strip {
  origin: Vector;
  down: Vector;
  through: Vector;
}

/** Tells apart what is cut along one and the same picture: slabs, and the strips of a path. */
export function cutKey({ slab, strips }: Cut): string {
  const ends = strips ? [strips[0], strips.at(-1)].map((strip) => [strip?.origin, strip?.down].join()) : [];
  return [slab ? `${slab.mode}${slab.samples}×${slab.step.join()}` : '', ...ends].join(' ');
}

/** What lies outside the volume. */
export const OUTSIDE = -1_000_000;

export interface CutPixels {
  pixels: Float32Array<ArrayBuffer>;
  min: number;
  max: number;
}

export class VoxelStore {
  /** Empty until the first slice comes: a large one takes as long to make as a plane from the small volume. */
  private data: Int16Array | Float32Array;
  loaded = 0;
  private readonly has: Uint8Array;
  /** The nearest slices that are there, at or below and at or above each; -1 where there is none. */
  private readonly below: Int32Array;
  private readonly above: Int32Array;
  private readonly step: number;
  private coarse: VoxelStore | undefined;

  constructor(
    readonly geometry: VolumeGeometry,
    floating: boolean,
  ) {
    const { places } = geometry;
    this.data = floating ? new Float32Array(0) : new Int16Array(0);
    this.has = new Uint8Array(places.length);
    this.below = new Int32Array(places.length).fill(-1);
    this.above = new Int32Array(places.length).fill(-1);
    const step = (places.at(-1) as number) / (places.length - 1);
    const even = places.every((place, index) => Math.abs(place - index * step) < 0.02 * step);
    this.step = even ? step : 0;
  }

  /** Takes another volume in the same axes for what lies between slices that have not both come. */
  fallBackOn(coarse: VoxelStore): void {
    this.coarse = coarse;
  }

  put(index: number, pixels: ArrayLike<number>): void {
    const { columns, rows, places } = this.geometry;
    const size = columns * rows * places.length;
    if (this.data.length < size) this.data = this.data instanceof Float32Array ? new Float32Array(size) : new Int16Array(size);
    this.data.set(pixels, index * columns * rows);
    if (!this.has[index]) this.loaded += 1;
    this.has[index] = 1;
    for (let k = 0, last = -1; k < places.length; k += 1) {
      if (this.has[k]) last = k;
      this.below[k] = last;
    }
    for (let k = places.length - 1, next = -1; k >= 0; k -= 1) {
      if (this.has[k]) next = k;
      this.above[k] = next;
    }
  }

  /** Slice number, with fractions, of a place along the line. */
  private numberAt(place: number): number {
    if (this.step > 0) return place / this.step;
    const { places } = this.geometry;
    let [low, high] = [0, places.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((places[middle] as number) <= place) low = middle;
      else high = middle;
    }
    const from = places[low] as number;
    return low + (place - from) / ((places[high] as number) - from);
  }

  /**
   * The two slices to mix at a place, and the share of the second; undefined outside. Negative numbers: nothing has come.
   * `sharp`: these are the two that lie next to it.
   */
  private around(place: number): { low: number; high: number; share: number; sharp: boolean } | undefined {
    const { places } = this.geometry;
    const last = places.length - 1;
    const at = this.numberAt(place);
    if (at < -0.5 || at > last + 0.5) return undefined;
    const inside = Math.min(last, Math.max(0, at));
    const nearest = Math.round(inside);
    const exact = Math.abs(inside - nearest) < 1e-4;
    const [before, behind] = exact ? [nearest, nearest] : [Math.floor(inside), Math.ceil(inside)];
    const low = this.below[before] as number;
    const high = this.above[behind] as number;
    const sharp = low === before && high === behind;
    if (low < 0 || high < 0 || low === high) return { low: Math.max(low, high), high: Math.max(low, high), share: 0, sharp };
    const [from, to] = [places[low] as number, places[high] as number];
    const here = Math.min(to, Math.max(from, place));
    return { low, high, share: (here - from) / (to - from), sharp };
  }

  cut(cut: Cut): CutPixels {
    const count = cut.columns * cut.rows;
    const { slab } = cut;
    const pixels = new Float32Array(count);
    const one = (shift: number): void => {
      if (cut.strips) this.strips(cut.strips, cut.rows, shift, pixels);
      else this.plane(cut, slab ? [slab.step[0] * shift, slab.step[1] * shift, slab.step[2] * shift] : [0, 0, 0], pixels);
    };
    if (!slab || slab.samples < 2) {
      one(0);
      return ended(pixels);
    }
    const sum = new Float32Array(count);
    const used = slab.mode === 'mean' ? new Uint16Array(count) : undefined;
    for (let sample = 0; sample < slab.samples; sample += 1) {
      one(sample - (slab.samples - 1) / 2);
      if (sample === 0) first(sum, pixels, used);
      else COMBINE[slab.mode](sum, pixels, used);
    }
    if (used) for (let i = 0; i < count; i += 1) sum[i] = used[i] ? (sum[i] as number) / (used[i] as number) : OUTSIDE;
    return ended(sum);
  }

  private plane(cut: Cut, shift: Vector, out: Float32Array): void {
    const { geometry } = this;
    const { origin, right, down, columns, rows } = cut;
    const [i0, j0, s0] = toVoxel(geometry, [origin[0] + shift[0], origin[1] + shift[1], origin[2] + shift[2]]);
    const [di, dj, ds] = directionToVoxel(geometry, right);
    const [ei, ej, es] = directionToVoxel(geometry, down);
    const level = Math.abs(ds) * columns < 1e-3;
    for (let y = 0; y < rows; y += 1) {
      const [i, j, s] = [i0 + y * ei, j0 + y * ej, s0 + y * es];
      if (level) this.levelRow(out, y * columns, columns, [i, j, s], di, dj);
      else this.row(out, y * columns, columns, [i, j, s], [di, dj, ds]);
    }
  }

  /** Column after column; each is read as a row and laid down upright. */
  private strips(strips: readonly Strip[], rows: number, shift: number, out: Float32Array): void {
    const { geometry } = this;
    const column = new Float32Array(rows);
    strips.forEach(({ origin, down, through }, x) => {
      const from = toVoxel(geometry, [origin[0] + through[0] * shift, origin[1] + through[1] * shift, origin[2] + through[2] * shift]);
      const step = directionToVoxel(geometry, down);
      if (Math.abs(step[2]) * rows < 1e-3) this.levelRow(column, 0, rows, from, step[0], step[1]);
      else this.row(column, 0, rows, from, step);
      for (let y = 0; y < rows; y += 1) out[y * strips.length + x] = column[y] as number;
    });
  }

  /** A row that stays in one place along the line: the slices to mix are the same for all its pixels. */
  private levelRow(out: Float32Array, at: number, count: number, [i, j, s]: Vector, di: number, dj: number): void {
    const around = this.around(s);
    if (around && !around.sharp && this.coarse) {
      const { at: place, scale } = this.inCoarse([i, j, s]);
      this.coarse.levelRow(out, at, count, place, di * scale[0], dj * scale[1]);
      return;
    }
    if (!around || around.low < 0) {
      out.fill(OUTSIDE, at, at + count);
      return;
    }
    const { data } = this;
    const { columns, rows } = this.geometry;
    const { share } = around;
    const low = around.low * columns * rows;
    const further = (around.high - around.low) * columns * rows;
    for (let x = 0; x < count; x += 1) {
      const u = i + x * di;
      const v = j + x * dj;
      if (u < -0.5 || v < -0.5 || u > columns - 0.5 || v > rows - 0.5) {
        out[at + x] = OUTSIDE;
        continue;
      }
      const inX = u < 0 ? 0 : u > columns - 1 ? columns - 1 : u;
      const inY = v < 0 ? 0 : v > rows - 1 ? rows - 1 : v;
      const left = inX | 0;
      const top = inY | 0;
      const from = low + top * columns + left;
      const nextColumn = inX > left ? 1 : 0;
      const nextRow = inY > top ? columns : 0;
      const value = mixed(data, from, nextColumn, nextRow, inX - left, inY - top);
      out[at + x] = share === 0 ? value : value + (mixed(data, from + further, nextColumn, nextRow, inX - left, inY - top) - value) * share;
    }
  }

  private row(out: Float32Array, at: number, count: number, [i, j, s]: Vector, [di, dj, ds]: Vector): void {
    const { columns, rows } = this.geometry;
    const size = columns * rows;
    for (let x = 0; x < count; x += 1) {
      const [u, v] = [i + x * di, j + x * dj];
      const around = u < -0.5 || v < -0.5 || u > columns - 0.5 || v > rows - 0.5 ? undefined : this.around(s + x * ds);
      if (around && !around.sharp && this.coarse) {
        this.coarse.row(out, at + x, 1, this.inCoarse([u, v, s + x * ds]).at, [0, 0, 0]);
        continue;
      }
      if (!around || around.low < 0) {
        out[at + x] = OUTSIDE;
        continue;
      }
      const value = this.bilinear(around.low * size, u, v);
      out[at + x] = around.share === 0 ? value : value + (this.bilinear(around.high * size, u, v) - value) * around.share;
    }
  }

  /** A place of this volume's voxels in those of the coarse one, and what a step becomes. */
  private inCoarse([i, j, s]: Vector): { at: Vector; scale: readonly [number, number] } {
    const { geometry } = this;
    const { geometry: coarse } = this.coarse as VoxelStore;
    const scale = [geometry.columnStep / coarse.columnStep, geometry.rowStep / coarse.rowStep] as const;
    const [a, b, c] = toVoxel(coarse, geometry.origin);
    return { at: [a + i * scale[0], b + j * scale[1], c + s], scale };
  }

  private bilinear(from: number, u: number, v: number): number {
    const { columns, rows } = this.geometry;
    const x = u < 0 ? 0 : u > columns - 1 ? columns - 1 : u;
    const y = v < 0 ? 0 : v > rows - 1 ? rows - 1 : v;
    const left = x | 0;
    const top = y | 0;
    return mixed(this.data, from + top * columns + left, x > left ? 1 : 0, y > top ? columns : 0, x - left, y - top);
  }
}

/** What lies between four neighbours, the first of them at `at`. */
function mixed(data: Int16Array | Float32Array, at: number, nextColumn: number, nextRow: number, fx: number, fy: number): number {
  const upper = (data[at] as number) * (1 - fx) + (data[at + nextColumn] as number) * fx;
  return upper * (1 - fy) + ((data[at + nextRow] as number) * (1 - fx) + (data[at + nextRow + nextColumn] as number) * fx) * fy;
}

type Combine = (sum: Float32Array, next: Float32Array, used: Uint16Array | undefined) => void;

function first(sum: Float32Array, pixels: Float32Array, used: Uint16Array | undefined): void {
  sum.set(pixels);
  if (used) for (let i = 0; i < sum.length; i += 1) used[i] = pixels[i] === OUTSIDE ? 0 : 1;
}

const COMBINE: Readonly<Record<SlabMode, Combine>> = {
  max: (sum, next) => {
    for (let i = 0; i < sum.length; i += 1) if ((next[i] as number) > (sum[i] as number)) sum[i] = next[i] as number;
  },
  min: (sum, next) => {
    for (let i = 0; i < sum.length; i += 1) {
      const value = next[i] as number;
      if (value !== OUTSIDE && (sum[i] === OUTSIDE || value < (sum[i] as number))) sum[i] = value;
    }
  },
  mean: (sum, next, used) => {
    for (let i = 0; i < sum.length; i += 1) {
      const value = next[i] as number;
      if (value === OUTSIDE || !used) continue;
      sum[i] = used[i] ? (sum[i] as number) + value : value;
      used[i] = (used[i] as number) + 1;
    }
  },
};

function ended(pixels: Float32Array<ArrayBuffer>): CutPixels {
  let [min, max] = [Infinity, -Infinity];
  for (const value of pixels) {
    if (value === OUTSIDE) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return Number.isFinite(min) ? { pixels, min, max } : { pixels, min: 0, max: 1 };
}

/** The order in which slices are fetched: every sixteenth first, then those between, so that any part shows the whole. */
export function coarseToFine(count: number, from: number): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(count);
  const take = (index: number): void => {
    if (index < 0 || index >= count || seen[index]) return;
    seen[index] = 1;
    order.push(index);
  };
  take(from);
  take(0);
  take(count - 1);
  for (let stride = 16; stride >= 1; stride /= 2) {
    for (let away = 0; away < count; away += stride) {
      take(from + away);
      take(from - away);
    }
  }
  return order;
}
