// Closed planar contours: on which plane they lie, their area, what is inside (even-odd rule, so that holes, XOR and keyholes
// come out alike), as lines or masks on any plane. Nothing is interpolated between planes. Pure.

import { cross, dot, length, type Vector } from '../geometry';
import { add, scaled, subtract, toPixel, unit, type ImagePlane } from '../plane';
import type { Point } from '../view';
import { sliceAt, wholeSlice, type MaskSlice, type MaskSlices, type SliceGrid } from './slice-grid';
import type { Contour } from './structure-set';

/** The contours of one plane, in mm along two axes from an origin that all planes of the region share. */
export interface ContourPlane {
  place: number;
  rings: readonly (readonly Point[])[];
}

export interface ContourStack {
  origin: Vector;
  row: Vector;
  column: Vector;
  normal: Vector;
  planes: readonly ContourPlane[];
  /** The least distance between planes, in mm: how far a contour reaches along the normal. */
  thickness: number;
  FrameOfReferenceUID: string;
}

/** Planes nearer than this are one, in mm; the same for points that leave the plane of their contour. */
const SAME = 0.1;
/** Pixels along the longer side of a mask that is made of contours, at most. */
const MOST_PIXELS = 384;

/** Newell's normal of a ring: where it faces, as long as twice its area. */
function faceOf(points: readonly Vector[]): Vector {
  return points.reduce<Vector>((sum, point, index) => add(sum, cross(subtract(point, points[0] as Vector), subtract(points[(index + 1) % points.length] as Vector, points[0] as Vector))), [0, 0, 0]);
}

function axesOf(contours: readonly Contour[]): Pick<ContourStack, 'row' | 'column' | 'normal'> | undefined {
  const largest = contours.map(({ points }) => faceOf(points)).sort((a, b) => length(b) - length(a))[0];
  if (!largest || length(largest) < 1e-6) return undefined;
  const face = unit(largest);
  const most = Math.max(...face.map(Math.abs));
  const normal = scaled(face, (face.find((part) => Math.abs(part) === most) as number) < 0 ? -1 : 1);
  const towards: Vector = Math.abs(normal[0]) > 0.9 ? [0, 1, 0] : [1, 0, 0];
  const row = unit(subtract(towards, scaled(normal, dot(towards, normal))));
  return { normal, row, column: cross(normal, row) };
}

/** The closed contours of a region by plane; undefined without any. What lies across these planes is left out and counted. */
export function stackOf(contours: readonly Contour[], FrameOfReferenceUID: string): { stack: ContourStack; leftOut: number } | undefined {
  const closed = contours.filter(({ type, points }) => type === 'CLOSED' && points.length > 2);
  const axes = axesOf(closed);
  const origin = closed[0]?.points[0];
  if (!axes || !origin) return undefined;
  const found: { place: number; ring: Point[] }[] = [];
  for (const { points } of closed) {
    const from = points.map((point) => subtract(point, origin));
    const along = from.map((v) => dot(v, axes.normal));
    const place = along.reduce((sum, value) => sum + value, 0) / along.length;
    if (along.every((value) => Math.abs(value - place) <= SAME)) found.push({ place, ring: from.map((v): Point => [dot(v, axes.row), dot(v, axes.column)]) });
  }
  found.sort((a, b) => a.place - b.place);
  const planes: { place: number; rings: Point[][] }[] = [];
  for (const { place, ring } of found) {
    const last = planes.at(-1);
    if (last && place - last.place <= SAME) last.rings.push(ring);
    else planes.push({ place, rings: [ring] });
  }
  return planes.length === 0 ? undefined : { stack: { origin, ...axes, planes, thickness: thicknessOf(planes), FrameOfReferenceUID }, leftOut: closed.length - found.length };
}

function thicknessOf(planes: readonly ContourPlane[]): number {
  const gaps = planes.slice(1).map(({ place }, index) => place - (planes[index] as ContourPlane).place);
  return gaps.length > 0 ? Math.min(...gaps) : 1;
}

/** The same stack with another thickness, where the images say it and the contours do not. */
export const withThickness = (stack: ContourStack, thickness: number): ContourStack => (stack.planes.length > 1 ? stack : { ...stack, thickness });

/** Signed area of a ring, in mm². */
export function ringArea(ring: readonly Point[]): number {
  return ring.reduce((sum, [x, y], index) => {
    const [nx, ny] = ring[(index + 1) % ring.length] as Point;
    return sum + (x * ny - nx * y) / 2;
  }, 0);
}

function contains(ring: readonly Point[], [x, y]: Point): boolean {
  let odd = false;
  ring.forEach(([ax, ay], index) => {
    const [bx, by] = ring[(index + 1) % ring.length] as Point;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  });
  return odd;
}

/** Area inside the rings of a plane by the even-odd rule, in mm²; rings may lie in one another but not cross. */
export function planeArea({ rings }: ContourPlane): number {
  return rings.reduce((sum, ring, index) => {
    const depth = rings.filter((other, at) => at !== index && contains(other, ring[0] as Point)).length;
    return sum + (depth % 2 === 0 ? 1 : -1) * Math.abs(ringArea(ring));
  }, 0);
}

/** Volume in ml: the area of each plane times the distance between planes. */
export const stackVolume = (stack: ContourStack): number => (stack.planes.reduce((sum, plane) => sum + planeArea(plane), 0) * stack.thickness) / 1000;

export const inPatient = ({ origin, row, column, normal }: ContourStack, [x, y]: Point, place: number): Vector => add(add(add(origin, row, x), column, y), normal, place);

/** The middle of the contours of the plane in the middle. */
export function middleOf(stack: ContourStack): Vector {
  const plane = stack.planes[Math.floor(stack.planes.length / 2)] as ContourPlane;
  const largest = [...plane.rings].sort((a, b) => Math.abs(ringArea(b)) - Math.abs(ringArea(a)))[0] as readonly Point[];
  const sum = largest.reduce<Point>(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return inPatient(stack, [sum[0] / largest.length, sum[1] / largest.length], plane.place);
}

/** The rings that lie in a picture's plane, in its pixels; undefined where the planes are not parallel. */
export function ringsOn(stack: ContourStack, plane: ImagePlane): Point[][] | undefined {
  if (Math.abs(dot(stack.normal, plane.normal)) < 0.9999) return undefined;
  const along = dot(subtract(plane.origin, stack.origin), stack.normal);
  const at = sliceAt(placesOf(stack), along);
  const found = at < 0 ? undefined : stack.planes[at];
  return (found?.rings ?? []).map((ring) => ring.map((point) => toPixel(plane, inPatient(stack, point, found?.place ?? 0)).pixel));
}

const known = new WeakMap<ContourStack, SliceGrid>();

function placesOf(stack: ContourStack): SliceGrid {
  const { planes, thickness, row, column, normal, FrameOfReferenceUID } = stack;
  const grid = known.get(stack) ?? { columns: 0, rows: 0, row, column, normal, columnStep: 1, rowStep: 1, origins: [], places: planes.map(({ place }) => place), thickness, FrameOfReferenceUID };
  known.set(stack, grid);
  return grid;
}

/** Calls `found` with each pair of x between which a row of constant y lies inside (even-odd). */
export function scanRow(rings: readonly (readonly Point[])[], y: number, found: (from: number, to: number) => void): void {
  const crossings: number[] = [];
  for (const ring of rings) {
    for (let index = 0; index < ring.length; index += 1) {
      const [ax, ay] = ring[index] as Point;
      const [bx, by] = ring[index + 1 === ring.length ? 0 : index + 1] as Point;
      if (ay > y !== by > y) crossings.push(((bx - ax) * (y - ay)) / (by - ay) + ax);
    }
  }
  crossings.sort((a, b) => a - b);
  for (let index = 0; index + 1 < crossings.length; index += 2) found(crossings[index] as number, crossings[index + 1] as number);
}

export function boxOf({ planes }: ContourStack): { left: number; top: number; width: number; height: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { rings } of planes) {
    for (const ring of rings) {
      for (const [x, y] of ring) {
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      }
    }
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** The contours filled plane by plane, for planes that cut across them: pixels of `finest` mm, larger for large regions. */
export function maskOfStack(stack: ContourStack, finest: number): { grid: SliceGrid; slices: MaskSlices } {
  const { left, top, width, height } = boxOf(stack);
  const step = Math.max(finest, Math.max(width, height) / MOST_PIXELS);
  const [columns, rows] = [Math.ceil(width / step) + 1, Math.ceil(height / step) + 1];
  const first = stack.planes[0] as ContourPlane;
  const grid: SliceGrid = {
    ...placesOf(stack),
    columns,
    rows,
    columnStep: step,
    rowStep: step,
    places: stack.planes.map(({ place }) => place - first.place),
    origins: stack.planes.map(({ place }) => inPatient(stack, [left, top], place)),
  };
  const slices = new Map(stack.planes.map(({ rings }, slice): [number, MaskSlice] => {
    const mask = new Uint8Array(columns * rows);
    for (let j = 0; j < rows; j += 1) {
      scanRow(rings, top + j * step, (from, to) => mask.fill(255, j * columns + Math.ceil((from - left) / step), j * columns + Math.floor((to - left) / step) + 1));
    }
    return [slice, wholeSlice(mask, columns)];
  }));
  return { grid, slices };
}

/** The parts of an open line, or the point, within `half` mm of a plane; in pixels of it. */
export function nearPlane(points: readonly Vector[], plane: ImagePlane, half: number): Point[][] {
  const laid = points.map((point) => toPixel(plane, point));
  if (laid.length === 1) return laid.filter(({ distance }) => Math.abs(distance) <= half).map(({ pixel }) => [pixel]);
  const pieces: Point[][] = [];
  laid.slice(1).forEach((to, index) => {
    const piece = clipped(laid[index] as Laid, to, half);
    if (piece) pieces.push(piece);
  });
  return pieces;
}

interface Laid {
  pixel: Point;
  distance: number;
}

function clipped(a: Laid, b: Laid, half: number): Point[] | undefined {
  let [from, to] = [0, 1];
  const slope = b.distance - a.distance;
  if (Math.abs(slope) < 1e-9) {
    if (Math.abs(a.distance) > half) return undefined;
  } else {
    const ends = [(-half - a.distance) / slope, (half - a.distance) / slope].sort((x, y) => x - y) as [number, number];
    [from, to] = [Math.max(0, ends[0]), Math.min(1, ends[1])];
    if (from > to) return undefined;
  }
  const at = (share: number): Point => [a.pixel[0] + (b.pixel[0] - a.pixel[0]) * share, a.pixel[1] + (b.pixel[1] - a.pixel[1]) * share];
  return [at(from), at(to)];
}
