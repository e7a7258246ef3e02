// A volume's planes as display sets: pictures that are computed, with position, orientation and spacing like stored ones. Pure.

import type { DataElement, DataSet } from './dicom-json';
import { dot, rotated, type Vector } from './geometry';
import { t } from './language';
import { add, scaled } from './plane';
import { OUTSIDE, type Cut, type SlabMode } from './reslice';
import type { DisplaySet, Instance, Picture } from './stack';
import { TAGS, type Keyword } from './tags';
import { voxelToPatient, type Volume, type VolumeGeometry } from './volume';

export type PlaneName = 'axial' | 'coronal' | 'sagittal';

/** Directions on the screen, to the right and down, and the one the pictures follow. */
export interface Frame {
  right: Vector;
  down: Vector;
  normal: Vector;
}

/** As radiologists look: from the feet, from the front, from the left. */
export const STANDARD: Readonly<Record<PlaneName, Frame>> = {
  axial: { right: [1, 0, 0], down: [0, 1, 0], normal: [0, 0, 1] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1], normal: [0, 1, 0] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1], normal: [-1, 0, 0] },
};

export const PLANES = ['axial', 'coronal', 'sagittal'] as const satisfies readonly PlaneName[];
export const TITLES: Readonly<Record<PlaneName, string>> = { axial: 'Axial', coronal: 'Coronal', sagittal: 'Sagittal' };

const MOST_PIXELS = 1024;

const corners = ({ columns, rows, places }: VolumeGeometry): Vector[] =>
  [0, columns - 1].flatMap((i) => [0, rows - 1].flatMap((j) => [0, places.at(-1) as number].map((s): Vector => [i, j, s])));

interface Extent {
  from: number;
  step: number;
  count: number;
}

function extent(points: readonly Vector[], axis: Vector, step: number, most: number): Extent {
  const along = points.map((point) => dot(point, axis));
  const [low, high] = [Math.min(...along), Math.max(...along)];
  const wide = Math.max(step, (high - low) / (most - 1));
  const count = Math.max(1, Math.floor((high - low) / wide + 1e-3) + 1);
  return { from: (low + high) / 2 - ((count - 1) / 2) * wide, step: wide, count };
}

/** The distance between slices; of unequal ones the least, but not less than a quarter of the mean. */
function sliceStep(places: readonly number[]): number {
  const mean = (places.at(-1) as number) / (places.length - 1);
  const least = Math.min(...places.slice(1).map((place, index) => place - (places[index] as number)));
  return mean - least < 0.02 * mean ? mean : Math.max(least, mean / 4);
}

/** Pixels as fine as those of the slices, or as the slices where these are thinner and the picture stays small. */
function finest({ columns, rows, columnStep, rowStep, places }: VolumeGeometry): number {
  const longest = Math.max(columns * columnStep, rows * rowStep, places.at(-1) as number);
  return Math.min(columnStep, rowStep, Math.max(sliceStep(places), longest / 512));
}

/** The least distance between voxels, along whichever axis. */
export const finestStep = ({ columnStep, rowStep, places }: VolumeGeometry): number => Math.min(columnStep, rowStep, sliceStep(places));

/** Distance between voxels in a direction: that of the voxel axis it is nearest to. */
export function voxelStep({ row, column, line, columnStep, rowStep, places }: VolumeGeometry, direction: Vector): number {
  const axes = ([[row, columnStep], [column, rowStep], [line, sliceStep(places)]] as const).map(([axis, step]) => ({ share: Math.abs(dot(axis, direction)), step }));
  const best = axes.sort((a, b) => b.share - a.share)[0] ?? { share: 1, step: 1 };
  return best.step * best.share;
}

export interface Reformatted {
  set: DisplaySet;
  frame: Frame;
  /** The plane of a picture of the set; thin, without slab. */
  cuts: ReadonlyMap<string, Cut>;
}

const element = (vr: string, ...Value: (number | string)[]): DataElement => ({ vr, Value });

const LEFT_OUT: readonly Keyword[] = ['PatientOrientation', 'SliceLocation', 'NumberOfFrames', 'PixelAspectRatio', 'PerFrameFunctionalGroupsSequence', 'SharedFunctionalGroupsSequence', 'ShutterShape', 'SequenceOfUltrasoundRegions', 'AcquisitionTime', 'ContentTime'];

export function planeDataSet(source: DataSet, columns: number, rows: number, floating: boolean): DataSet {
  const dataSet = Object.fromEntries(Object.entries(source).filter(([tag]) => !tag.startsWith('60') && !LEFT_OUT.some((keyword) => TAGS[keyword] === tag)));
  const own: DataSet = { [TAGS.Columns]: element('US', columns), [TAGS.Rows]: element('US', rows), [TAGS.PixelPaddingValue]: element('SS', OUTSIDE) };
  if (floating) Object.assign(own, { [TAGS.RescaleSlope]: element('DS', 1), [TAGS.RescaleIntercept]: element('DS', 0) });
  return { ...dataSet, ...own };
}

/** What the set of a plane is known by; a turned one has more behind it. */
export const planeId = (source: DisplaySet, name: PlaneName): string => `mpr:${source.id}:${name}`;

/** One plane through the whole volume. `floating`: its values are already rescaled, slice by slice. `turn` names a turned frame. */
export function reformat(source: DisplaySet, { geometry, pictures, notes }: Volume, name: PlaneName, frame: Frame, floating: boolean, turn = ''): Reformatted {
  const points = corners(geometry).map((corner) => voxelToPatient(geometry, corner));
  const fine = finest(geometry);
  const [across, down] = [extent(points, frame.right, fine, MOST_PIXELS), extent(points, frame.down, fine, MOST_PIXELS)];
  const deep = extent(points, frame.normal, voxelStep(geometry, frame.normal), 4000);
  const pixel = Math.max(across.step, down.step);
  const [right, below] = [scaled(frame.right, pixel), scaled(frame.down, pixel)];
  const base = pictures[Math.floor(pictures.length / 2)] as Picture;
  const dataSet = { ...planeDataSet(base.instance.dataSet, across.count, down.count, floating), [TAGS.FrameOfReferenceUID]: element('UI', geometry.FrameOfReferenceUID) };
  const instance: Instance = { ...base.instance, dataSet, InstanceNumber: 0, frames: 1 };
  const attributes: DataSet = { ...planeDataSet(base.attributes, across.count, down.count, floating), [TAGS.PixelSpacing]: element('DS', pixel, pixel), [TAGS.SliceThickness]: element('DS', deep.step) };
  const id = `${planeId(source, name)}${turn}`;
  const cuts = new Map<string, Cut>();
  const made = Array.from({ length: deep.count }, (_, index): Picture => {
    const origin = add(add(scaled(frame.right, across.from), frame.down, down.from), frame.normal, deep.from + index * deep.step);
    const picture: Picture = { id: `${id}:${index}`, instance, frame: 1, attributes, orientation: { row: frame.right, column: frame.down }, position: origin };
    cuts.set(picture.id, { origin, right, down: below, columns: across.count, rows: down.count });
    return picture;
  });
  const set: DisplaySet = { ...source, id, kind: 'stack', plane: name, description: [turn ? t('{plane} oblique', { plane: t(TITLES[name]) }) : t(TITLES[name]), source.description].filter(Boolean).join(' · '), pictures: made, instances: [instance], warnings: notes };
  return { set, frame, cuts };
}

/** The slab of `thickness` mm around a plane; the plane itself where it is thinner than two voxels. */
export function slabOf(cut: Cut, frame: Frame, geometry: VolumeGeometry, thickness: number, mode: SlabMode): Cut {
  const step = voxelStep(geometry, frame.normal);
  const samples = Math.round(thickness / step);
  return samples < 2 ? cut : { ...cut, slab: { step: scaled(frame.normal, thickness / samples), samples, mode } };
}

/** Two frames turned about the normal of a third, by radians. */
export function turned(frame: Frame, axis: Vector, angle: number): Frame {
  const turn = (v: Vector): Vector => rotated(v, axis, angle);
  return { right: turn(frame.right), down: turn(frame.down), normal: turn(frame.normal) };
}
