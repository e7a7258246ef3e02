// Planes that the archive cuts (/api/…/mpr): how one is asked for, and what its answer holds. Pure.

import { t } from './language';
import type { Vector } from './geometry';
import { OUTSIDE, type Cut, type CutPixels } from './reslice';

/** What the archive says of a plane, in a header of the answer. */
export interface ToldPlane {
  columns: number;
  rows: number;
  /** Slices of the volume that it was cut from. */
  slices: number;
  slope: number;
  intercept: number;
  /** Pixels of a row that became one in what a projection was made of. */
  factor?: number;
}

const EMPTY = -32768;

const list = (vector: Vector): string => vector.join(',');

/** The query of a plane or slab; `instance` names the multi-frame object that is the volume. */
export function planeQuery({ origin, right, down, columns, rows, slab }: Cut, instance: string): string {
  const spacing = Math.hypot(...right);
  const unit = (vector: Vector): Vector => [vector[0] / spacing, vector[1] / spacing, vector[2] / spacing];
  const thick = slab ? { thickness: Math.hypot(...slab.step) * slab.samples, mode: slab.mode } : {};
  const wanted = { type: 'int16', origin: list(origin), right: list(unit(right)), down: list(unit(down)), columns, rows, spacing, ...thick, ...(instance ? { instance } : {}) };
  return Object.entries(wanted).map(([name, value]) => `${name}=${value}`).join('&');
}

/** The real values of an answer; it must be of the same volume, which has so many slices. */
export function readPlane(body: ArrayBuffer, told: ToldPlane, slices: number): CutPixels {
  if (told.slices !== slices) throw new Error(t('The archive makes a volume of other images than these'));
  const view = new DataView(body);
  const count = told.columns * told.rows;
  if (view.byteLength !== 2 * count) throw new Error(t('The archive sent a broken plane'));
  const pixels = new Float32Array(count);
  let [min, max] = [Infinity, -Infinity];
  for (let at = 0; at < count; at += 1) {
    const step = view.getInt16(2 * at, true);
    const value = step === EMPTY ? OUTSIDE : step * told.slope + told.intercept;
    pixels[at] = value;
    if (step === EMPTY) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return Number.isFinite(min) ? { pixels, min, max } : { pixels, min: 0, max: 1 };
}
