// What a picture shows of structures and doses, as masks, lines and colours in its own pixels. Kept for the pictures seen last.

import { text } from '../../core/dicom-json';
import { planeOf, type ImagePlane } from '../../core/plane';
import { maskOfStack, nearPlane, ringsOn } from '../../core/structures/contours';
import { dosePlane, type DosePlane } from '../../core/structures/dose-grid';
import { isolines } from '../../core/structures/isolines';
import { maskOutline, type Lines } from '../../core/structures/mask-outline';
import { sampleMask } from '../../core/structures/slice-grid';
import type { Picture } from '../../core/stack';
import type { Point } from '../../core/view';
import type { Shape, ShownDose, Structure, StructureObject } from './objects';

/** In pixels of the picture; lines and masks count from the corner of the first pixel, points from its middle. */
export interface Drawn {
  mask?: Uint8Array;
  outline?: Lines;
  rings?: readonly (readonly Point[])[];
  open?: readonly (readonly Point[])[];
}

export interface StructureLayer extends Drawn {
  id: string;
  colour: string;
  opacity: number;
}

export interface DoseLayer {
  dose: ShownDose;
  plane: DosePlane;
  lines: { level: ShownDose['levels'][number]; lines: Lines }[];
}

export interface Layers {
  structures: StructureLayer[];
  doses: DoseLayer[];
  columns: number;
  rows: number;
}

const KEPT = 24;

/** Values by picture for things that never change in place; the oldest are let go. */
class Kept<K extends object, V> {
  private readonly of = new WeakMap<K, Map<string, V>>();

  get(key: K, picture: string, make: () => V): V {
    const known = this.of.get(key) ?? new Map<string, V>();
    this.of.set(key, known);
    const value = known.has(picture) ? (known.get(picture) as V) : make();
    known.set(picture, value);
    const oldest = known.size > KEPT ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return value;
  }
}

const drawn = new Kept<Shape, Drawn | undefined>();
const doses = new Kept<object, DosePlane | undefined>();
const isodoses = new Kept<DosePlane, Lines>();
const filled = new WeakMap<object, ReturnType<typeof maskOfStack>>();

const masked = (mask: Uint8Array | undefined, columns: number, rows: number): Drawn | undefined => mask && { mask, outline: maskOutline(mask, columns, rows) };

function drawShape(shape: Shape, picture: Picture, plane: ImagePlane | undefined): Drawn | undefined {
  if (shape.kind === 'pictures') {
    const mask = shape.masks.get(picture.id);
    const { columns, rows } = sizeOf(picture);
    return mask?.length === columns * rows ? masked(mask, columns, rows) : undefined;
  }
  if (!plane) return undefined;
  if (shape.kind === 'mask') return shape.grid.FrameOfReferenceUID === plane.FrameOfReferenceUID ? masked(sampleMask(shape.grid, shape.slices, plane), plane.columns, plane.rows) : undefined;
  return shape.FrameOfReferenceUID === plane.FrameOfReferenceUID ? drawContours(shape, plane) : undefined;
}

function drawContours({ stack, contours, half }: Extract<Shape, { kind: 'contours' }>, plane: ImagePlane): Drawn | undefined {
  const open = contours.flatMap(({ points }) => nearPlane(points, plane, half));
  const lines = open.length > 0 ? { open } : {};
  if (!stack) return open.length > 0 ? lines : undefined;
  const rings = ringsOn(stack, plane);
  if (rings) return rings.length + open.length > 0 ? { rings, ...lines } : undefined;
  const volume = filled.get(stack) ?? maskOfStack(stack, Math.min(plane.columnStep, plane.rowStep));
  filled.set(stack, volume);
  const cut = masked(sampleMask(volume.grid, volume.slices, plane), plane.columns, plane.rows);
  return cut || open.length > 0 ? { ...cut, ...lines } : undefined;
}

function sizeOf({ attributes, instance }: Picture): { columns: number; rows: number } {
  const of = (keyword: 'Columns' | 'Rows'): number => Number(text(attributes, keyword) || text(instance.dataSet, keyword));
  return { columns: of('Columns'), rows: of('Rows') };
}

function doseLayer(dose: ShownDose, picture: Picture, plane: ImagePlane | undefined): DoseLayer[] {
  if (plane?.FrameOfReferenceUID !== dose.grid.FrameOfReferenceUID) return [];
  const cut = doses.get(dose.grid, picture.id, () => dosePlane(dose.grid, plane));
  if (!cut) return [];
  const levels = dose.lines ? dose.levels.filter(({ visible }) => visible) : [];
  const at = (percent: number): number => (percent / 100) * dose.reference.dose;
  return [{ dose, plane: cut, lines: levels.map((level) => ({ level, lines: isodoses.get(cut, String(at(level.percent)), () => isolines(cut.values, cut.columns, cut.rows, at(level.percent))) })) }];
}

function structureLayer(structure: Structure, object: StructureObject, picture: Picture, plane: ImagePlane | undefined): StructureLayer[] {
  const found = structure.visible ? drawn.get(structure.shape, picture.id, () => drawShape(structure.shape, picture, plane)) : undefined;
  return found ? [{ ...found, id: structure.id, colour: structure.colour, opacity: object.opacity }] : [];
}

/** What lies over a picture; undefined where nothing does. */
export function layersOf(objects: readonly StructureObject[], picture: Picture): Layers | undefined {
  const shown = objects.filter(({ visible, status }) => visible && status === 'ready');
  if (shown.length === 0) return undefined;
  const plane = planeOf(picture);
  const structures = shown.flatMap((object) => object.structures.flatMap((structure) => structureLayer(structure, object, picture, plane)));
  const washes = shown.flatMap(({ dose }) => (dose ? doseLayer(dose, picture, plane) : []));
  return structures.length + washes.length > 0 ? { structures, doses: washes, ...sizeOf(picture) } : undefined;
}
