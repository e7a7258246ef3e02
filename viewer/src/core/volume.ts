// Whether the pictures of a set are a volume, and where its voxels lie (PS3.3 C.7.6.2). Pure.
// Slices may be unevenly spaced and shifted along a line against their normal (gantry tilt); anything else is refused.

import { number } from './dicom-json';
import { dot, type Vector } from './geometry';
import { add, parallel, planeOf, scaled, subtract, unit, type ImagePlane } from './plane';
import { isColour, type DisplaySet, type Picture } from './stack';
import { fixed, t } from './language';

export interface VolumeGeometry {
  columns: number;
  rows: number;
  /** The middle of the first voxel of the first slice. */
  origin: Vector;
  row: Vector;
  column: Vector;
  columnStep: number;
  rowStep: number;
  /** Unit vector from slice to slice, which is not the normal where the gantry was tilted. */
  line: Vector;
  /** Where each slice lies along that line, in mm from the first. */
  places: number[];
  FrameOfReferenceUID: string;
}

export interface Volume {
  geometry: VolumeGeometry;
  /** One picture a slice, in the order of `places`. */
  pictures: Picture[];
  /** What a reader should know. */
  notes: string[];
}

export type VolumeAnswer = { volume: Volume } | { reason: string };

/** More voxels than this are not held in a browser. */
const MOST_VOXELS = 600_000_000;
const DEGREE = 180 / Math.PI;

const differs = (a: number, b: number): boolean => Math.abs(a - b) > 1e-3 * Math.abs(a);

interface Slice {
  picture: Picture;
  plane: ImagePlane;
  place: number;
}

/** Along the normal of the first plane; of several pictures in one place the first in the order of the set. */
function slicesOf(pictures: readonly Picture[], planes: readonly ImagePlane[]): Slice[] {
  const first = planes[0] as ImagePlane;
  const all = pictures.map((picture, index) => ({ picture, plane: planes[index] as ImagePlane, place: dot(subtract((planes[index] as ImagePlane).origin, first.origin), first.normal) }));
  all.sort((a, b) => a.place - b.place);
  return all.filter((slice, index) => index === 0 || slice.place - (all[index - 1] as Slice).place > 0.01);
}

function reasonAgainst(set: DisplaySet, planes: readonly (ImagePlane | undefined)[]): string | undefined {
  const missing = planes.filter((plane) => !plane).length;
  const [first] = planes;
  if (set.pictures.length < 3) return t('fewer than three images');
  if (set.pictures.some(({ instance }) => isColour(instance.dataSet))) return t('colour images are not reformatted');
  if (missing > 0 || !first) return t('position, orientation or pixel spacing is missing in {missing} of {n} images', { missing, n: planes.length });
  const others = planes as readonly ImagePlane[];
  if (others.some((plane) => !parallel(first, plane) || dot(first.row, plane.row) < 0.9986)) return t('the images are not parallel');
  if (others.some((plane) => plane.columns !== first.columns || plane.rows !== first.rows)) return t('the images differ in size');
  if (others.some((plane) => differs(first.columnStep, plane.columnStep) || differs(first.rowStep, plane.rowStep))) return t('the images differ in pixel spacing');
  return undefined;
}

function notesOf(places: readonly number[], tilt: number, leftOut: number): string[] {
  const steps = places.slice(1).map((place, index) => place - (places[index] as number));
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  return [
    ...(high - low > Math.max(0.02, 0.02 * high) ? [t('Irregular spacing {low}–{high} mm, interpolated', { low: fixed(low, 2), high: fixed(high, 2) })] : []),
    ...(tilt > 0.5 ? [t('Gantry tilt {tilt}°, corrected', { tilt: fixed(tilt, 1) })] : []),
    ...(leftOut > 0 ? [t('{n} further images in the same places left out', { n: leftOut })] : []),
  ];
}

/** The volume a set of pictures makes, or why it makes none; `most` voxels are taken, by default what a browser holds. */
export function volumeOf(set: DisplaySet, most = MOST_VOXELS): VolumeAnswer {
  const planes = set.pictures.map(planeOf);
  const against = reasonAgainst(set, planes);
  if (against) return { reason: against };
  const slices = slicesOf(set.pictures, planes as ImagePlane[]);
  const [first, last] = [slices[0] as Slice, slices.at(-1) as Slice];
  if (slices.length < 3) return { reason: t('all images lie in one place') };
  if (first.plane.columns * first.plane.rows * slices.length > most) return { reason: t('the volume is too large for this browser') };
  const line = unit(subtract(last.plane.origin, first.plane.origin));
  const places = slices.map(({ plane }) => dot(subtract(plane.origin, first.plane.origin), line));
  const astray = Math.max(...slices.map(({ plane }, index) => Math.hypot(...subtract(subtract(plane.origin, first.plane.origin), scaled(line, places[index] as number)))));
  if (astray > Math.max(0.5, first.plane.columnStep)) return { reason: t('the slices are shifted against one another by up to {distance} mm', { distance: fixed(astray, 1) }) };
  const { origin, row, column, columnStep, rowStep, columns, rows, normal } = first.plane;
  const FrameOfReferenceUID = first.plane.FrameOfReferenceUID || `of ${set.id}`;
  const tilt = Math.acos(Math.min(1, Math.abs(dot(line, normal)))) * DEGREE;
  const geometry = { columns, rows, origin, row, column, columnStep, rowStep, line, places, FrameOfReferenceUID };
  return { volume: { geometry, pictures: slices.map(({ picture }) => picture), notes: notesOf(places, tilt, set.pictures.length - slices.length) } };
}

/** The volume of another phase; undefined where its voxels do not lie where those of the first do. */
export function volumeAlike(set: DisplaySet, geometry: VolumeGeometry): Volume | undefined {
  const answer = volumeOf(set);
  if ('reason' in answer) return undefined;
  const other = answer.volume.geometry;
  const near = geometry.origin.every((value, axis) => Math.abs(value - (other.origin[axis] as number)) < 0.1);
  return near && geometry.places.length === other.places.length && geometry.columns === other.columns && geometry.rows === other.rows ? answer.volume : undefined;
}

/** Patient → column, row (fractions), and mm along the line of slices. */
export function toVoxel({ origin, row, column, columnStep, rowStep, line }: VolumeGeometry, place: Vector): Vector {
  return directionToVoxel({ row, column, columnStep, rowStep, line }, subtract(place, origin));
}

/** The same for a direction: what a step in the patient is in voxels. */
export function directionToVoxel({ row, column, columnStep, rowStep, line }: Pick<VolumeGeometry, 'row' | 'column' | 'columnStep' | 'rowStep' | 'line'>, step: Vector): Vector {
  const normal: Vector = [row[1] * column[2] - row[2] * column[1], row[2] * column[0] - row[0] * column[2], row[0] * column[1] - row[1] * column[0]];
  const along = dot(step, normal) / dot(line, normal);
  const rest = subtract(step, scaled(line, along));
  return [dot(rest, row) / columnStep, dot(rest, column) / rowStep, along];
}

export function voxelToPatient({ origin, row, column, columnStep, rowStep, line }: VolumeGeometry, [i, j, s]: Vector): Vector {
  return add(add(add(origin, row, i * columnStep), column, j * rowStep), line, s);
}

/** Bytes of a volume in memory. */
export const volumeBytes = ({ columns, rows, places }: VolumeGeometry, floating: boolean): number => columns * rows * places.length * (floating ? 4 : 2);

/** Whether voxels are kept as real numbers, rescaled slice by slice, instead of stored values of 16 signed bits. */
export const isFloating = (pictures: readonly Picture[]): boolean => !sameRescale(pictures) || pictures.some(needsFloat);

function needsFloat({ instance: { dataSet } }: Picture): boolean {
  const signed = number(dataSet, 'PixelRepresentation') === 1;
  return (number(dataSet, 'BitsAllocated') ?? 0) > 16 || (!signed && (number(dataSet, 'BitsStored') ?? 0) > 15);
}

/** Whether all slices have one slope and intercept, so that stored values may stand for all. */
export function sameRescale(pictures: readonly Picture[]): boolean {
  const of = (p: Picture): string => `${number(p.attributes, 'RescaleSlope') ?? 1}/${number(p.attributes, 'RescaleIntercept') ?? 0}`;
  return pictures.every((picture) => of(picture) === of(pictures[0] as Picture));
}
