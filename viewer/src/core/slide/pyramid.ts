// A whole-slide image (PS3.3 A.32.8) as a pyramid: levels by the size of their total pixel matrix, optical paths, focal planes.
// Pure. Pixels are those of the finest level unless said otherwise; places in it count from 0.

import { t } from '../language';
import { items, number, numbers, text, texts, type DataSet } from '../dicom-json';
import type { Instance } from '../stack';
import { fullTiles, sparseTiles, type Place, type Tile, type TileIndex } from './tiles';

export interface Level {
  columns: number;
  rows: number;
  /** Pixels of the finest level that one pixel of this one is wide and high. */
  stepX: number;
  stepY: number;
  /** Largest side of a tile, which says what one costs. */
  tileColumns: number;
  tileRows: number;
  instances: Instance[];
  tiles: TileIndex[];
}

export interface Channel {
  id: string;
  label: string;
}

export interface Slide {
  /** The finest first. */
  levels: Level[];
  paths: Channel[];
  /** Heights in µm, or numbers where the file does not say. */
  planes: number[];
  columns: number;
  rows: number;
  /** mm a pixel, and where that is from; undefined where the file does not say or what it says cannot be. */
  spacing: { x: number; y: number; provenance: string } | undefined;
  warnings: string[];
  /** Power of the objective lens. */
  power: number | undefined;
  hasProfile: boolean;
}

const WHOLE_SLIDE = '1.2.840.10008.5.1.4.1.1.77.1.6';
const IN_PYRAMID = new Set(['VOLUME', 'THUMBNAIL']);
/** mm; a slide is 76 mm long, the largest made is some 150 mm. */
const LONGEST_SLIDE = 200;
/** A thumbnail's sides are rounded to whole pixels. */
const SAME_SHAPE = 0.06;

export const isWholeSlide = ({ SOPClassUID }: Pick<Instance, 'SOPClassUID'>): boolean => SOPClassUID === WHOLE_SLIDE;

/** What the image shows of the slide: VOLUME, THUMBNAIL, LABEL, OVERVIEW. */
export const flavour = (dataSet: DataSet): string => texts(dataSet, 'ImageType')[2] ?? '';

/** Columns and rows of the total pixel matrix. */
export const sizeOfSlide = (dataSet: DataSet): [number, number] => [number(dataSet, 'TotalPixelMatrixColumns') ?? 0, number(dataSet, 'TotalPixelMatrixRows') ?? 0];

/** Whether an object is part of a pyramid, and not a picture of its label. */
export function isPyramidPart(instance: Instance): boolean {
  const [columns, rows] = sizeOfSlide(instance.dataSet);
  const kind = flavour(instance.dataSet);
  return isWholeSlide(instance) && columns > 0 && rows > 0 && (IN_PYRAMID.has(kind) || (kind === '' && instance.frames > 1));
}

/** Objects by the pyramid they belong to: one pyramid UID, or one shape of the whole; the finest of each first. */
export function pyramids(instances: readonly Instance[]): Instance[][] {
  const groups: Instance[][] = [];
  const bySize = [...instances].sort((a, b) => sizeOfSlide(b.dataSet)[0] - sizeOfSlide(a.dataSet)[0] || a.InstanceNumber - b.InstanceNumber);
  for (const instance of bySize) {
    const group = groups.find(([first]) => first && belongTogether(first.dataSet, instance.dataSet));
    if (group) group.push(instance);
    else groups.push([instance]);
  }
  return groups;
}

function belongTogether(a: DataSet, b: DataSet): boolean {
  if (text(a, 'PyramidUID') !== text(b, 'PyramidUID')) return false;
  const [[columns, rows], [otherColumns, otherRows]] = [sizeOfSlide(a), sizeOfSlide(b)];
  const ratio = columns / rows / (otherColumns / otherRows);
  return Math.abs(ratio - 1) < SAME_SHAPE + 1 / Math.min(otherColumns, otherRows);
}

export function readSlide(instances: readonly Instance[]): Slide {
  const first = instances[0]?.dataSet ?? {};
  const [columns, rows] = sizeOfSlide(first);
  const paths = pathsOf(instances);
  const heights = new Set<number>();
  const levels: Level[] = [];
  for (const instance of instances) {
    const [wide, high] = sizeOfSlide(instance.dataSet);
    const known = levels.find((level) => level.columns === wide && level.rows === high);
    const index = tilesOf(instance, heights);
    if (known) {
      known.instances.push(instance);
      known.tiles.push(index);
      continue;
    }
    const [tileColumns, tileRows] = [number(instance.dataSet, 'Columns') ?? wide, number(instance.dataSet, 'Rows') ?? high];
    levels.push({ columns: wide, rows: high, stepX: columns / wide, stepY: rows / high, tileColumns, tileRows, instances: [instance], tiles: [index] });
  }
  return { levels, paths, planes: [...heights].sort((a, b) => a - b), columns, rows, ...scaleOfSlide(first, columns, rows), power: powerOf(instances), hasProfile: instances.some(({ dataSet }) => items(dataSet, 'OpticalPathSequence').some((path) => path['00282000'] !== undefined)) };
}

function pathsOf(instances: readonly Instance[]): Channel[] {
  const found = new Map<string, string>();
  for (const { dataSet } of instances) {
    for (const path of items(dataSet, 'OpticalPathSequence')) {
      const id = text(path, 'OpticalPathIdentifier');
      if (!found.has(id)) found.set(id, text(path, 'OpticalPathDescription') || t('Optical path {id}', { id }).trim());
    }
  }
  return found.size > 0 ? [...found].map(([id, label]) => ({ id, label })) : [{ id: '', label: '' }];
}

const powerOf = (instances: readonly Instance[]): number | undefined =>
  instances.flatMap(({ dataSet }) => items(dataSet, 'OpticalPathSequence').map((path) => number(path, 'ObjectiveLensPower'))).find((power) => power !== undefined && power > 0);

const measuresOf = (dataSet: DataSet): DataSet | undefined => items(items(dataSet, 'SharedFunctionalGroupsSequence')[0], 'PixelMeasuresSequence')[0];

/** What a pixel of an image of so many columns and rows is worth. */
export function scaleOfSlide(dataSet: DataSet, columns: number, rows: number): Pick<Slide, 'spacing' | 'warnings'> {
  const [y = 0, x = 0] = numbers(measuresOf(dataSet), 'PixelSpacing');
  const [width, height] = [number(dataSet, 'ImagedVolumeWidth') ?? 0, number(dataSet, 'ImagedVolumeHeight') ?? 0];
  const stated = x > 0 && y > 0 ? { x, y, provenance: 'Pixel Spacing' } : width > 0 && height > 0 ? { x: width / columns, y: height / rows, provenance: 'Imaged Volume' } : undefined;
  if (!stated) return { spacing: undefined, warnings: [t('Uncalibrated')] };
  const longest = Math.max(stated.x * columns, stated.y * rows);
  if (longest > LONGEST_SLIDE) return { spacing: undefined, warnings: [t('Uncalibrated: {source} says {longest} mm, no slide is that long', { source: stated.provenance, longest: Math.round(longest) })] };
  return { spacing: stated, warnings: [] };
}

/** Where the tiles of an object are; adds the heights of its focal planes. */
function tilesOf(instance: Instance, heights: Set<number>): TileIndex {
  const { dataSet } = instance;
  const organised = text(dataSet, 'DimensionOrganizationType');
  const sparse = organised === 'TILED_SPARSE' || (organised !== 'TILED_FULL' && dataSet['52009230'] !== undefined);
  const index = sparse ? sparseTiles(instance) : fullTiles(instance);
  for (const height of index.planes) heights.add(height);
  return index;
}

/** Tiles of a level that show any of a rectangle of its own pixels. */
export const tilesIn = (level: Level, place: Place): Tile[] => level.tiles.flatMap((index) => index.within(place));
