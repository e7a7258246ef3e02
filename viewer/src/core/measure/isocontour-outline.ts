// Where an isocontour region lies in a picture: its border along the edges of its voxels, in pixels of that picture. Pure.

import { finestStep } from '../reformat';
import { toPatient, toPixel, type ImagePlane } from '../plane';
import type { Point } from '../view';
import { directionToVoxel, toVoxel, voxelToPatient } from '../volume';
import { maskLoops, thickness, type Region } from './isocontour';

/** Pixels are divided into at most so many parts along each axis, where voxels are smaller than they are. */
const MOST_PARTS = 4;

/** Closed lines; none where the plane misses the region. */
export function regionOnPlane(region: Region, plane: ImagePlane): Point[][] {
  const area = areaOf(region, plane);
  if (!area) return [];
  const parts = Math.max(1, Math.min(MOST_PARTS, Math.ceil(Math.min(plane.columnStep, plane.rowStep) / finestStep(region.box.geometry) - 0.01)));
  const [columns, rows] = [area.columns * parts, area.rows * parts];
  const at = (x: number): number => (x + 0.5) / parts - 0.5;
  const mask = sampled(region, plane, columns, rows, (x, y) => [area.left + at(x), area.top + at(y)]);
  return maskLoops(mask, columns, rows).map((loop) => loop.map(([x, y]): Point => [area.left + x / parts - 0.5, area.top + y / parts - 0.5]));
}

/** The pixels that may show it. */
function areaOf({ box, mask }: Region, plane: ImagePlane): { left: number; top: number; columns: number; rows: number } | undefined {
  const { geometry, first, size } = box;
  const slice = size[0] * size[1];
  const slices = Array.from({ length: size[2] }, (_, k) => k).filter((k) => mask.subarray(k * slice, (k + 1) * slice).includes(1));
  const [low, high] = [first[2] + (slices[0] ?? 0), first[2] + (slices.at(-1) ?? 0)];
  const ends = [(geometry.places[low] as number) - thickness(geometry, low) / 2, (geometry.places[high] as number) + thickness(geometry, high) / 2];
  const corners = [first[0] - 0.5, first[0] + size[0] - 0.5].flatMap((i) => [first[1] - 0.5, first[1] + size[1] - 0.5].flatMap((j) => ends.map((s) => toPixel(plane, voxelToPatient(geometry, [i, j, s])))));
  const far = corners.map(({ distance }) => distance);
  if (Math.min(...far) > 0 || Math.max(...far) < 0) return undefined;
  const span = (axis: 0 | 1, count: number): [number, number] => [Math.max(0, Math.floor(Math.min(...corners.map(({ pixel }) => pixel[axis])))), Math.min(count - 1, Math.ceil(Math.max(...corners.map(({ pixel }) => pixel[axis]))))];
  const [x, y] = [span(0, plane.columns), span(1, plane.rows)];
  return x[1] < x[0] || y[1] < y[0] ? undefined : { left: x[0], top: y[0], columns: x[1] - x[0] + 1, rows: y[1] - y[0] + 1 };
}

function sampled({ box, mask }: Region, plane: ImagePlane, columns: number, rows: number, pixelAt: (x: number, y: number) => Point): Uint8Array {
  const { geometry, first, size } = box;
  const found = new Uint8Array(columns * rows);
  const origin = toPatient(plane, pixelAt(0, 0));
  const start = toVoxel(geometry, origin);
  const stepTo = (to: Point): readonly [number, number, number] => directionToVoxel(geometry, difference(toPatient(plane, to), origin));
  const [right, down] = [stepTo(pixelAt(1, 0)), stepTo(pixelAt(0, 1))];
  for (let y = 0, out = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1, out += 1) {
      const place = [0, 1, 2].map((axis) => (start[axis] as number) + x * (right[axis] as number) + y * (down[axis] as number));
      const [i, j] = [Math.round(place[0] as number) - first[0], Math.round(place[1] as number) - first[1]];
      const k = nearest(geometry.places, place[2] as number) - first[2];
      if (i >= 0 && j >= 0 && k >= 0 && i < size[0] && j < size[1] && k < size[2]) found[out] = mask[i + size[0] * (j + size[1] * k)] as number;
    }
  }
  return found;
}

const difference = (a: readonly [number, number, number], b: readonly [number, number, number]): readonly [number, number, number] => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** The slice nearest to a place along the line; -1 beyond the ends. */
function nearest(places: readonly number[], place: number): number {
  const last = places.length - 1;
  const step = (places[last] as number) / last;
  let at = Math.max(0, Math.min(last, Math.round(place / step)));
  while (at > 0 && Math.abs((places[at - 1] as number) - place) < Math.abs((places[at] as number) - place)) at -= 1;
  while (at < last && Math.abs((places[at + 1] as number) - place) < Math.abs((places[at] as number) - place)) at += 1;
  return Math.abs((places[at] as number) - place) <= step * 0.75 ? at : -1;
}
