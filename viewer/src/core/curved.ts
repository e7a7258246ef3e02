// What is shown along a drawn path: the straightened picture, one for each angle about the path, and the planes across it.
// A straightened picture has no place in the patient and says so: no position, no orientation, lengths "along the path". Pure.

import type { Curve, Station } from './curve';
import type { DataElement, DataSet } from './dicom-json';
import { cross, rotated, type Vector } from './geometry';
import { t } from './language';
import { add, scaled } from './plane';
import { finestStep, planeDataSet, slabOf } from './reformat';
import type { Cut, SlabMode, Strip } from './reslice';
import type { DisplaySet, Instance, PathPlace, Picture } from './stack';
import { TAGS, type Keyword } from './tags';
import type { Volume } from './volume';

/** Degrees from one straightened picture to the next, and the number of the one that is not turned. */
export const TURN = 5;
export const UNTURNED = 180 / TURN;

export interface Slab {
  thickness: number;
  mode: SlabMode;
}

export interface Curved {
  straightened: DisplaySet;
  /** One plane a station, its middle on the path. */
  sections: DisplaySet;
  /** What a picture of either is cut by. */
  cutOf(id: string, slab: Slab): Cut | undefined;
}

/** What the sets are made of: `floating` as for planes; `version` tells their pictures from those of an earlier path. */
export interface CurvedSource {
  source: DisplaySet;
  volume: Volume;
  floating: boolean;
  /** Across the path, in mm. */
  width: number;
  version: number;
}

const number = (vr: string, ...Value: number[]): DataElement => ({ vr, Value });
const OF_A_PLACE: readonly Keyword[] = ['ImagePositionPatient', 'ImageOrientationPatient', 'SliceThickness', 'FrameOfReferenceUID'];
const placeless = (dataSet: DataSet): DataSet => Object.fromEntries(Object.entries(dataSet).filter(([tag]) => !OF_A_PLACE.some((keyword) => TAGS[keyword] === tag)));

/** Where a picture lies in degrees about the path: from half a turn back to half a turn on. */
export const angleOf = (index: number): number => (index - UNTURNED) * TURN;

/** The direction down a straightened picture, at a station. */
export const downAt = ({ down, normal }: Station, degrees: number): Vector => rotated(down, normal, (degrees * Math.PI) / 180);

/** Pixels across the path: an odd number, so that the path runs through the middle of one. */
const pixelsAcross = (width: number, step: number): number => 2 * Math.max(1, Math.round(width / step / 2)) + 1;

function strips({ stations, step }: Curve, degrees: number, rows: number, through: number): Strip[] {
  return stations.map((station) => {
    const down = scaled(downAt(station, degrees), step);
    return { origin: add(station.place, down, -(rows - 1) / 2), down, through: scaled(cross(station.normal, downAt(station, degrees)), through) };
  });
}

function straightenedCut(curve: Curve, rows: number, degrees: number, voxel: number, { thickness, mode }: Slab): Cut {
  const samples = Math.round(thickness / voxel);
  const through = samples < 2 ? 0 : thickness / samples;
  const along = strips(curve, degrees, rows, through);
  const [first] = along as [Strip];
  const plain: Cut = { origin: first.origin, right: scaled((curve.stations[0] as Station).normal, curve.step), down: first.down, columns: along.length, rows, strips: along };
  return through > 0 ? { ...plain, slab: { step: first.through, samples, mode } } : plain;
}

function sectionCut({ place, right, down }: Station, size: number, step: number): Cut {
  const [across, below] = [scaled(right, step), scaled(down, step)];
  const half = -(size - 1) / 2;
  return { origin: add(add(place, across, half), below, half), right: across, down: below, columns: size, rows: size };
}

interface Made {
  instance: Instance;
  attributes: DataSet;
}

function madeOf({ volume: { pictures }, floating }: CurvedSource, columns: number, rows: number, spacing: number, change: (dataSet: DataSet) => DataSet): Made {
  const base = pictures[Math.floor(pictures.length / 2)] as Picture;
  const dataSet = change(planeDataSet(base.instance.dataSet, columns, rows, floating));
  const attributes = { ...change(planeDataSet(base.attributes, columns, rows, floating)), [TAGS.PixelSpacing]: number('DS', spacing, spacing) };
  return { instance: { ...base.instance, dataSet, InstanceNumber: 0, frames: 1 }, attributes };
}

/** Both sets of a path. */
export function curvedSets(from: CurvedSource, curve: Curve): Curved {
  const { source, volume, width, version } = from;
  const { step, stations } = curve;
  const size = pixelsAcross(width, step);
  const voxel = finestStep(volume.geometry);
  const setOf = (plane: 'straightened' | 'section', title: string, warnings: string[], pictures: Picture[], { instance }: Made): DisplaySet => {
    return { ...source, id: `mpr:${source.id}:${plane}`, kind: 'stack', plane, description: [title, source.description].filter(Boolean).join(' · '), pictures, instances: [instance], warnings: [...warnings, ...volume.notes] };
  };
  const picture = (plane: string, index: number, { instance, attributes }: Made, path: PathPlace): Picture => ({ id: `mpr:${source.id}:${plane}~${version}:${index}`, instance, frame: 1, attributes, path });
  const flat = madeOf(from, stations.length, size, step, placeless);
  const across = madeOf(from, size, size, step, (dataSet) => ({ ...placeless(dataSet), [TAGS.FrameOfReferenceUID]: { vr: 'UI', Value: [volume.geometry.FrameOfReferenceUID] } }));
  const turned = Array.from({ length: 2 * UNTURNED + 1 }, (_, index) => picture('straightened', index, flat, { kind: 'straightened', angle: angleOf(index) }));
  const sections = stations.map((station, index): Picture => ({
    ...picture('section', index, across, { kind: 'section', at: index * step, length: curve.length }),
    orientation: { row: station.right, column: station.down },
    position: sectionCut(station, size, step).origin,
  }));
  const places = new Map<string, (slab: Slab) => Cut>();
  turned.forEach(({ id }, index) => places.set(id, (slab) => straightenedCut(curve, size, angleOf(index), voxel, slab)));
  sections.forEach(({ id }, index) => {
    const station = stations[index] as Station;
    places.set(id, ({ thickness, mode }) => slabOf(sectionCut(station, size, step), station, volume.geometry, thickness, mode));
  });
  return {
    straightened: setOf('straightened', t('Straightened'), [t('Straightened along a path: reformatted')], turned, flat),
    sections: setOf('section', t('Across the path'), [], sections, across),
    cutOf: (id, slab) => places.get(id)?.(slab),
  };
}
