// A picture as a plane in the patient (PS3.3 C.7.6.2.1.1): from pixels to LPS millimetres and back. Pure.

import { cross, dot, length, type Vector } from './geometry';
import { number, numbers, text } from './dicom-json';
import type { Picture } from './stack';
import type { Point } from './view';

export interface ImagePlane {
  /** The middle of the first pixel. */
  origin: Vector;
  /** Unit vectors toward increasing column and row index. */
  row: Vector;
  column: Vector;
  normal: Vector;
  /** mm from one column to the next, and from one row to the next. */
  columnStep: number;
  rowStep: number;
  columns: number;
  rows: number;
  FrameOfReferenceUID: string;
}

export const add = (a: Vector, b: Vector, factor = 1): Vector => [a[0] + b[0] * factor, a[1] + b[1] * factor, a[2] + b[2] * factor];
export const subtract = (a: Vector, b: Vector): Vector => add(a, b, -1);
export const scaled = (a: Vector, factor: number): Vector => [a[0] * factor, a[1] * factor, a[2] * factor];
export const unit = (a: Vector): Vector => scaled(a, 1 / Math.hypot(...a));

const known = new WeakMap<Picture, ImagePlane | null>();

/** The plane of a picture; undefined unless position, orientation and PixelSpacing are all there. */
export function planeOf(picture: Picture | undefined): ImagePlane | undefined {
  if (!picture) return undefined;
  const cached = known.get(picture) ?? readPlane(picture);
  known.set(picture, cached);
  return cached ?? undefined;
}

function readPlane({ orientation, position, attributes, instance }: Picture): ImagePlane | null {
  const [rowStep, columnStep] = numbers(attributes, 'PixelSpacing');
  if (!orientation || !position || !rowStep || !columnStep) return null;
  return {
    origin: position,
    row: orientation.row,
    column: orientation.column,
    normal: cross(orientation.row, orientation.column),
    columnStep,
    rowStep,
    columns: number(attributes, 'Columns') ?? number(instance.dataSet, 'Columns') ?? 1,
    rows: number(attributes, 'Rows') ?? number(instance.dataSet, 'Rows') ?? 1,
    FrameOfReferenceUID: text(instance.dataSet, 'FrameOfReferenceUID'),
  };
}

/** The middle of pixel [column, row], fractions allowed. */
export function toPatient(plane: ImagePlane, [column, row]: Point): Vector {
  return add(add(plane.origin, plane.row, column * plane.columnStep), plane.column, row * plane.rowStep);
}

/** Column and row under a place in the patient, and its distance from the plane in mm. */
export function toPixel(plane: ImagePlane, place: Vector): { pixel: Point; distance: number } {
  const from = subtract(place, plane.origin);
  return { pixel: [dot(from, plane.row) / plane.columnStep, dot(from, plane.column) / plane.rowStep], distance: dot(from, plane.normal) };
}

export const centreOf = (plane: ImagePlane): Vector => toPatient(plane, [(plane.columns - 1) / 2, (plane.rows - 1) / 2]);

export const sharesSpace = (a: ImagePlane, b: ImagePlane): boolean => a.FrameOfReferenceUID !== '' && a.FrameOfReferenceUID === b.FrameOfReferenceUID;

/** Whether two planes are parallel within about three degrees, whichever way they face. */
export const parallel = (a: ImagePlane, b: ImagePlane): boolean => Math.abs(dot(a.normal, b.normal)) > 0.9986;

/** Which of the pictures lies nearest to a place, measured along their normals; undefined where none has a plane. */
export function nearestPicture(pictures: readonly Picture[], place: Vector): { index: number; distance: number } | undefined {
  let best: { index: number; distance: number } | undefined;
  pictures.forEach((picture, index) => {
    const plane = planeOf(picture);
    if (!plane) return;
    const distance = Math.abs(toPixel(plane, place).distance);
    if (!best || distance < best.distance - 1e-6) best = { index, distance };
  });
  return best;
}

/** Which of the pictures has its middle nearest to a place: of planes that do not follow one another in parallel. */
export function nearestCentre(pictures: readonly Picture[], place: Vector): { index: number; distance: number } | undefined {
  let best: { index: number; distance: number } | undefined;
  pictures.forEach((picture, index) => {
    const plane = planeOf(picture);
    if (!plane) return;
    const distance = length(subtract(centreOf(plane), place));
    if (!best || distance < best.distance) best = { index, distance };
  });
  return best;
}

/** Where `other` cuts `plane`: a line in pixels of `plane`, as long as `other` is wide; undefined for parallel planes or where they do not meet. */
export function crossing(plane: ImagePlane, other: ImagePlane): [Point, Point] | undefined {
  if (parallel(plane, other)) return undefined;
  const corners = ([[-0.5, -0.5], [other.columns - 0.5, -0.5], [other.columns - 0.5, other.rows - 0.5], [-0.5, other.rows - 0.5]] as const).map((corner) => toPixel(plane, toPatient(other, corner)));
  const ends = corners.flatMap((a, index): Point[] => {
    const b = corners[(index + 1) % 4] as typeof a;
    if (a.distance >= 0 === b.distance >= 0) return [];
    const share = a.distance / (a.distance - b.distance);
    return [[a.pixel[0] + (b.pixel[0] - a.pixel[0]) * share, a.pixel[1] + (b.pixel[1] - a.pixel[1]) * share]];
  });
  return ends.length === 2 ? [ends[0] as Point, ends[1] as Point] : undefined;
}
