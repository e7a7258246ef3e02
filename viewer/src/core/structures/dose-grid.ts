// An RT Dose object (PS3.3 A.18, C.8.8.3): where its grid lies, the dose at any place (trilinear), and on any plane. Pure.

import { element, items, number, numbers, text, texts, type DataSet } from '../dicom-json';
import { cross, dot, readOrientation, readPosition, type Vector } from '../geometry';
import { subtract, type ImagePlane } from '../plane';
import { t } from '../language';

export const RT_DOSE = '1.2.840.10008.5.1.4.1.1.481.2';

export interface DoseGeometry {
  columns: number;
  rows: number;
  origin: Vector;
  row: Vector;
  column: Vector;
  normal: Vector;
  columnStep: number;
  rowStep: number;
  /** mm along the normal from the origin, rising. */
  places: readonly number[];
  /** The frame of each place, from 0. */
  frames: readonly number[];
  FrameOfReferenceUID: string;
}

export interface DoseGrid extends DoseGeometry {
  /** In `unit`, place by place. */
  values: Float32Array;
  unit: 'Gy' | 'relative';
  most: number;
}

/** The grid that the header describes, or why the dose cannot be shown. */
export function doseGeometry(dataSet: DataSet): DoseGeometry | { reason: string } {
  const orientation = readOrientation(numbers(dataSet, 'ImageOrientationPatient'));
  const origin = readPosition(numbers(dataSet, 'ImagePositionPatient'));
  const [rowStep, columnStep] = numbers(dataSet, 'PixelSpacing');
  const [rows, columns] = [number(dataSet, 'Rows') ?? 0, number(dataSet, 'Columns') ?? 0];
  const count = Math.max(1, number(dataSet, 'NumberOfFrames') ?? 1);
  if (!element(dataSet, 'PixelData') || rows < 1 || columns < 1) return { reason: t('it has no dose grid') };
  if (!orientation || !origin || !rowStep || !columnStep) return { reason: t('position, orientation or spacing of its grid is missing') };
  if (number(dataSet, 'DoseGridScaling') === undefined) return { reason: t('Dose Grid Scaling is missing') };
  const normal = cross(orientation.row, orientation.column);
  const offsets = offsetsOf(numbers(dataSet, 'GridFrameOffsetVector'), origin, normal, count);
  if (!offsets) return { reason: t('Grid Frame Offset Vector does not say where its planes are') };
  const frames = offsets.map((_, index) => index).sort((a, b) => (offsets[a] as number) - (offsets[b] as number));
  return { columns, rows, origin, ...orientation, normal, columnStep, rowStep, frames, places: frames.map((frame) => offsets[frame] as number), FrameOfReferenceUID: text(dataSet, 'FrameOfReferenceUID') };
}

/**
 * Offsets along the normal. A vector that begins with 0 holds offsets from the first plane; one that begins with the z of
 * Image Position (Patient) holds the z of each plane, which makes sense for axial grids only (C.8.8.3.2).
 */
function offsetsOf(vector: readonly number[], [, , z]: Vector, normal: Vector, count: number): number[] | undefined {
  if (count === 1) return [0];
  const [first] = vector;
  if (vector.length !== count || first === undefined || new Set(vector).size !== count) return undefined;
  if (Math.abs(first) < 1e-6) return [...vector];
  const axial = Math.abs(normal[2]) > 0.999;
  return axial && Math.abs(first - z) < 0.01 ? vector.map((place) => (normal[2] < 0 ? z - place : place - z)) : undefined;
}

/** The grid filled with what the archive sent for its frames, in their order: little endian, 16 or 32 bits. */
export function fillDose(geometry: DoseGeometry, dataSet: DataSet, frames: readonly Uint8Array[]): DoseGrid {
  const scale = number(dataSet, 'DoseGridScaling') ?? 1;
  const unit = text(dataSet, 'DoseUnits') === 'GY' ? 'Gy' : 'relative';
  const wide = (number(dataSet, 'BitsAllocated') ?? 16) === 32;
  const signed = number(dataSet, 'PixelRepresentation') === 1;
  const count = geometry.columns * geometry.rows;
  const values = new Float32Array(count * geometry.places.length);
  let most = 0;
  geometry.frames.forEach((frame, place) => {
    const bytes = frames[frame] as Uint8Array;
    if (bytes.length < count * (wide ? 4 : 2)) throw new Error(t('The dose grid is cut off'));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const read = wide ? (at: number) => (signed ? view.getInt32(at * 4, true) : view.getUint32(at * 4, true)) : (at: number) => (signed ? view.getInt16(at * 2, true) : view.getUint16(at * 2, true));
    for (let at = 0; at < count; at += 1) {
      const value = read(at) * scale;
      values[place * count + at] = value;
      if (value > most) most = value;
    }
  });
  return { ...geometry, values, unit, most };
}

/** The place as column, row and mm along the normal; fractions kept. */
export function inGrid({ origin, row, column, normal, columnStep, rowStep }: DoseGeometry, place: Vector): Vector {
  const from = subtract(place, origin);
  return [dot(from, row) / columnStep, dot(from, column) / rowStep, dot(from, normal)];
}

/** Number of the place below `along`, with the share of the next one; -1 outside. */
function between(places: readonly number[], along: number): number {
  const last = places.length - 1;
  if (last === 0) return Math.abs(along - (places[0] as number)) < 0.5 ? 0 : -1;
  if (along < (places[0] as number) - 1e-4 || along > (places[last] as number) + 1e-4) return -1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) <= along) low = middle;
    else high = middle;
  }
  const share = (along - (places[low] as number)) / ((places[high] as number) - (places[low] as number));
  return low + Math.min(1, Math.max(0, share));
}

/** The dose at column i, row j and `along` mm; NaN outside the grid. */
export function doseAtIndex({ columns, rows, places, values }: DoseGrid, i: number, j: number, along: number): number {
  const k = between(places, along);
  if (k < 0 || i < -1e-6 || j < -1e-6 || i > columns - 1 + 1e-6 || j > rows - 1 + 1e-6) return NaN;
  const [i0, j0, k0] = [Math.max(0, Math.min(columns - 1, Math.floor(i))), Math.max(0, Math.min(rows - 1, Math.floor(j))), Math.floor(k)];
  const [i1, j1, k1] = [Math.min(columns - 1, i0 + 1), Math.min(rows - 1, j0 + 1), Math.min(places.length - 1, k0 + 1)];
  const [a, b, c] = [i - i0, j - j0, k - k0];
  const row = (y: number, z: number): number => {
    const at = (z * rows + y) * columns;
    return (values[at + i0] as number) * (1 - a) + (values[at + i1] as number) * a;
  };
  return (row(j0, k0) * (1 - b) + row(j1, k0) * b) * (1 - c) + (row(j0, k1) * (1 - b) + row(j1, k1) * b) * c;
}

export function doseAt(grid: DoseGrid, place: Vector): number {
  const [i, j, along] = inGrid(grid, place);
  return doseAtIndex(grid, i, j, along);
}

/** The dose on every `step`-th pixel of a plane. */
export interface DosePlane {
  columns: number;
  rows: number;
  /** Pixels of the picture from one value to the next. */
  step: number;
  /** NaN outside the grid. */
  values: Float32Array;
}

/** The dose on a picture's plane, half as coarse as the grid at most; undefined where they do not meet. */
export function dosePlane(grid: DoseGrid, plane: ImagePlane): DosePlane | undefined {
  const finest = Math.min(grid.columnStep, grid.rowStep) / 2;
  const step = Math.max(1, Math.floor(finest / Math.max(plane.columnStep, plane.rowStep)));
  const [columns, rows] = [Math.ceil((plane.columns - 1) / step) + 1, Math.ceil((plane.rows - 1) / step) + 1];
  const values = new Float32Array(columns * rows);
  const start = inGrid(grid, plane.origin);
  const along = (v: Vector, by: number): Vector => [(dot(v, grid.row) * by) / grid.columnStep, (dot(v, grid.column) * by) / grid.rowStep, dot(v, grid.normal) * by];
  const [right, down] = [along(plane.row, plane.columnStep * step), along(plane.column, plane.rowStep * step)];
  let found = false;
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const value = doseAtIndex(grid, start[0] + x * right[0] + y * down[0], start[1] + x * right[1] + y * down[1], start[2] + x * right[2] + y * down[2]);
      values[y * columns + x] = value;
      found ||= value >= 0;
    }
  }
  return found ? { columns, rows, step, values } : undefined;
}

export interface Prescription {
  dose: number;
  /** Where it is from, for whoever reads percents. */
  source: string;
}

/** The prescribed dose of a plan: the highest of its targets (PS3.3 C.8.8.10). */
export function prescriptionOf(plan: DataSet): Prescription | undefined {
  const doses = items(plan, 'DoseReferenceSequence').flatMap((item) => number(item, 'TargetPrescriptionDose') ?? []);
  return doses.length > 0 && Math.max(...doses) > 0 ? { dose: Math.max(...doses), source: text(plan, 'SeriesDescription') || t('RT plan') } : undefined;
}

/** The plans that a dose says it was computed from. */
export const plansOf = (dose: DataSet): string[] => items(dose, 'ReferencedRTPlanSequence').flatMap((item) => texts(item, 'ReferencedSOPInstanceUID'));
