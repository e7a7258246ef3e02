// Which frame of an object holds which part of the slide (PS3.3 C.7.6.17.3): by its number where it is TILED_FULL, by the
// position of each frame where it is TILED_SPARSE. Pure; pixels are those of the level, from 0.

import { items, number, text, type DataSet, type JsonValue } from '../dicom-json';
import { inItems } from '../opening';
import type { Instance } from '../stack';
import { TAGS, type Keyword } from '../tags';

export interface Tile {
  /** Instance and frame: the same tile has the same id. */
  id: string;
  instance: Instance;
  frame: number;
  x: number;
  y: number;
}

/** A rectangle of a level's pixels in an optical path and a focal plane. */
export interface Place {
  left: number;
  top: number;
  right: number;
  bottom: number;
  path: string;
  plane: number;
}

export interface TileIndex {
  planes: number[];
  within(place: Place): Tile[];
}

const tile = (instance: Instance, frame: number, x: number, y: number): Tile => ({ id: `${instance.SOPInstanceUID}/${frame}`, instance, frame, x, y });

interface Shape {
  columns: number;
  rows: number;
  across: number;
  down: number;
}

function shapeOf({ dataSet }: Instance): Shape {
  const [columns, rows] = [Math.max(1, number(dataSet, 'Columns') ?? 1), Math.max(1, number(dataSet, 'Rows') ?? 1)];
  return { columns, rows, across: Math.ceil((number(dataSet, 'TotalPixelMatrixColumns') ?? columns) / columns), down: Math.ceil((number(dataSet, 'TotalPixelMatrixRows') ?? rows) / rows) };
}

/** First and last cell of a grid that a stretch touches. */
const cells = (from: number, to: number, size: number, count: number): [number, number] => [Math.max(0, Math.floor(from / size)), Math.min(count - 1, Math.ceil(to / size) - 1)];

/** µm, to a thousandth. */
const height = (value: number): number => Math.round(value * 1000) / 1000;

const sharedGroups = ({ dataSet }: Instance): DataSet | undefined => items(dataSet, 'SharedFunctionalGroupsSequence')[0];

function sharedPath(instance: Instance): string {
  const [path] = items(sharedGroups(instance), 'OpticalPathIdentificationSequence');
  return text(path, 'OpticalPathIdentifier') || text(items(instance.dataSet, 'OpticalPathSequence')[0], 'OpticalPathIdentifier');
}

/** Heights of the planes of a TILED_FULL object, in µm; their number where it does not say how far apart they are. */
function fullPlanes(instance: Instance): number[] {
  const { dataSet } = instance;
  const count = Math.max(1, number(dataSet, 'TotalPixelMatrixFocalPlanes') ?? 1);
  const lowest = number(items(dataSet, 'TotalPixelMatrixOriginSequence')[0], 'ZOffsetInSlideCoordinateSystem') ?? 0;
  const apart = number(items(sharedGroups(instance), 'PixelMeasuresSequence')[0], 'SpacingBetweenSlices');
  return Array.from({ length: Math.min(count, instance.frames) }, (_, index) => height(lowest + index * (apart ? apart * 1000 : 1)));
}

/** Frames go along rows, then down, then through focal planes, then through optical paths. */
export function fullTiles(instance: Instance): TileIndex {
  const { columns, rows, across, down } = shapeOf(instance);
  const planes = fullPlanes(instance);
  const listed = items(instance.dataSet, 'OpticalPathSequence').map((path) => text(path, 'OpticalPathIdentifier'));
  const paths = listed.length > 0 ? listed : [''];
  const before = number(instance.dataSet, 'ConcatenationFrameOffsetNumber') ?? 0;
  return {
    planes,
    within({ left, top, right, bottom, path, plane }) {
      const layer = paths.indexOf(path) * planes.length + planes.indexOf(plane);
      if (!paths.includes(path) || !planes.includes(plane)) return [];
      const [[first, last], [upper, lower]] = [cells(left, right, columns, across), cells(top, bottom, rows, down)];
      const found: Tile[] = [];
      for (let row = upper; row <= lower; row += 1) {
        for (let column = first; column <= last; column += 1) {
          const frame = (layer * down + row) * across + column + 1 - before;
          if (frame >= 1 && frame <= instance.frames) found.push(tile(instance, frame, column * columns, row * rows));
        }
      }
      return found;
    },
  };
}

const toNumber = (values: readonly JsonValue[] | undefined): number => Number(values?.[0] ?? NaN);

/** Every frame says where it lies: they are sorted into a grid of their own size, whether or not they lie on it. */
export function sparseTiles(instance: Instance): TileIndex {
  const shape = shapeOf(instance);
  const frames = instance.dataSet[TAGS.PerFrameFunctionalGroupsSequence];
  const position = (keyword: Keyword): ((index: number) => readonly JsonValue[] | undefined) => inItems(frames, TAGS.PlanePositionSlideSequence, TAGS[keyword]);
  const [xOf, yOf, zOf] = [position('ColumnPositionInTotalImagePixelMatrix'), position('RowPositionInTotalImagePixelMatrix'), position('ZOffsetInSlideCoordinateSystem')];
  const pathOf = inItems(frames, TAGS.OpticalPathIdentificationSequence, TAGS.OpticalPathIdentifier);
  const usual = sharedPath(instance);
  const grid = new Map<string, Tile[]>();
  const planes = new Set<number>();
  for (let index = 0; index < instance.frames; index += 1) {
    const [x, y] = [toNumber(xOf(index)) - 1, toNumber(yOf(index)) - 1];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const plane = height(toNumber(zOf(index)) || 0);
    const named = pathOf(index)?.[0];
    const path = typeof named === 'string' ? named : usual;
    planes.add(plane);
    put(grid, shape, `${path}\n${plane}`, tile(instance, index + 1, x, y));
  }
  return { planes: [...planes], within: (place) => fromGrid(grid, shape, place) };
}

function put(grid: Map<string, Tile[]>, { columns, rows, across, down }: Shape, layer: string, one: Tile): void {
  const [[first, last], [upper, lower]] = [cells(one.x, one.x + columns, columns, across), cells(one.y, one.y + rows, rows, down)];
  for (let row = upper; row <= lower; row += 1) {
    for (let column = first; column <= last; column += 1) {
      const key = `${layer}\n${row * across + column}`;
      const there = grid.get(key);
      if (there) there.push(one);
      else grid.set(key, [one]);
    }
  }
}

function fromGrid(grid: Map<string, Tile[]>, { columns, rows, across, down }: Shape, { left, top, right, bottom, path, plane }: Place): Tile[] {
  const [[first, last], [upper, lower]] = [cells(left, right, columns, across), cells(top, bottom, rows, down)];
  const found = new Map<string, Tile>();
  for (let row = upper; row <= lower; row += 1) {
    for (let column = first; column <= last; column += 1) {
      for (const one of grid.get(`${path}\n${plane}\n${row * across + column}`) ?? []) found.set(one.id, one);
    }
  }
  return [...found.values()];
}
