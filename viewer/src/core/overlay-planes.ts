// Overlay planes (PS3.3 C.9.2, groups 6000 to 601E) and display shutters (C.7.6.11): what lies over a picture. Pure.

import { number, numbers, texts, type DataElement, type DataSet, type JsonValue } from './dicom-json';
import type { Point } from './view';

export interface OverlayPlane {
  group: string;
  rows: number;
  columns: number;
  /** Column and row of its first pixel in the picture, from 0. */
  left: number;
  top: number;
  /** The picture's frames it belongs to, from 1. */
  firstFrame: number;
  frames: number;
  /** The bit of the pixel data that holds it (retired); else it has data of its own. */
  bit: number | undefined;
  data: DataElement | undefined;
}

const asNumber = (value: JsonValue | undefined): number | undefined => (typeof value === 'number' ? value : typeof value === 'string' && value ? Number(value) : undefined);

function readPlane(dataSet: DataSet, group: string): OverlayPlane[] {
  const value = (element: string, index = 0): number | undefined => asNumber(dataSet[group + element]?.Value?.[index]);
  const [rows, columns] = [value('0010') ?? 0, value('0011') ?? 0];
  if (rows <= 0 || columns <= 0) return [];
  const data = dataSet[`${group}3000`];
  const bit = data ? undefined : value('0102');
  if (!data && !bit) return [];
  return [
    { group, rows, columns, top: (value('0050') ?? 1) - 1, left: (value('0050', 1) ?? 1) - 1, firstFrame: value('0051') ?? 1, frames: value('0015') ?? 1, bit, data },
  ];
}

/** The overlays of an object. One without frame numbers of its own lies over all frames. */
export function overlayPlanes(dataSet: DataSet): OverlayPlane[] {
  return Array.from({ length: 16 }, (_, index) => `60${(index * 2).toString(16).padStart(2, '0').toUpperCase()}`).flatMap((group) => readPlane(dataSet, group));
}

/** Bits of the pixel data that are overlays, for whoever reads the pixels. */
export const overlayBits = (dataSet: DataSet): number[] => overlayPlanes(dataSet).flatMap(({ bit }) => (bit === undefined ? [] : [bit]));

/** One frame of packed overlay data as one byte a pixel, 0 or 1 (PS3.5 8.1.2: the low bit first). Missing data read as 0. */
export function unpackPlane(bytes: Uint8Array, { rows, columns }: OverlayPlane, frame: number): Uint8Array {
  const count = rows * columns;
  const out = new Uint8Array(count);
  const from = frame * count;
  for (let i = 0; i < count; i += 1) out[i] = ((bytes[(from + i) >> 3] ?? 0) >> ((from + i) & 7)) & 1;
  return out;
}

/** Which frame of the plane lies over a frame of the picture (both from 1 and 0), or none. */
export function planeFrame(plane: OverlayPlane, frame: number): number | undefined {
  if (plane.frames <= 1) return 0;
  const index = frame - plane.firstFrame;
  return index >= 0 && index < plane.frames ? index : undefined;
}

export interface Shutter {
  rectangle?: { left: number; right: number; top: number; bottom: number };
  circle?: { x: number; y: number; radius: number };
  polygon?: Point[];
  /** Grey of what is hidden, 0..1. */
  grey: number;
}

function polygon(values: readonly number[]): Point[] {
  return Array.from({ length: values.length >> 1 }, (_, index): Point => [(values[index * 2 + 1] as number) - 1, (values[index * 2] as number) - 1]);
}

/** What the shutter leaves open, its edges included, in pixels from 0; several shapes hide what any of them hides. */
export function readShutter(dataSet: DataSet): Shutter | undefined {
  const shapes = texts(dataSet, 'ShutterShape');
  const shutter: Shutter = { grey: Math.min(1, (number(dataSet, 'ShutterPresentationValue') ?? 0) / 65535) };
  if (shapes.includes('RECTANGULAR')) {
    shutter.rectangle = {
      left: (number(dataSet, 'ShutterLeftVerticalEdge') ?? -Infinity) - 1,
      right: (number(dataSet, 'ShutterRightVerticalEdge') ?? Infinity) - 1,
      top: (number(dataSet, 'ShutterUpperHorizontalEdge') ?? -Infinity) - 1,
      bottom: (number(dataSet, 'ShutterLowerHorizontalEdge') ?? Infinity) - 1,
    };
  }
  const [row, column] = numbers(dataSet, 'CenterOfCircularShutter');
  const radius = number(dataSet, 'RadiusOfCircularShutter');
  if (shapes.includes('CIRCULAR') && row !== undefined && column !== undefined && radius !== undefined) shutter.circle = { x: column - 1, y: row - 1, radius };
  const vertices = polygon(numbers(dataSet, 'VerticesOfThePolygonalShutter'));
  if (shapes.includes('POLYGONAL') && vertices.length > 2) shutter.polygon = vertices;
  return shutter.rectangle || shutter.circle || shutter.polygon ? shutter : undefined;
}

/** Whether a pixel is hidden. */
export function isShut({ rectangle, circle, polygon: corners }: Shutter, x: number, y: number): boolean {
  if (rectangle && (x < rectangle.left || x > rectangle.right || y < rectangle.top || y > rectangle.bottom)) return true;
  if (circle && Math.hypot(x - circle.x, y - circle.y) > circle.radius) return true;
  return corners !== undefined && !inside(corners, x, y);
}

/** Even-odd rule; a point on an edge may fall either way. */
export function inside(corners: readonly Point[], x: number, y: number): boolean {
  let odd = false;
  corners.forEach(([ax, ay], index) => {
    const [bx, by] = corners[(index + 1) % corners.length] as Point;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  });
  return odd;
}
