// An isocontour region of a PET: all voxels of at least a threshold that hang together, by their faces, with the hottest voxel of
// a sphere, and lie in that sphere. SUVpeak is the greatest mean of a sphere of 1 cm³ about a voxel of the region (PERCIST,
// QIBA FDG-PET/CT); a voxel at its border counts by the part of it that lies inside. Pure.

import { cross, dot, length, type Vector } from '../geometry';
import { add, scaled, subtract } from '../plane';
import type { Point } from '../view';
import { toVoxel, voxelToPatient, type VolumeGeometry } from '../volume';
import type { Isocontour } from './types';

/** What growth never leaves. */
export interface Sphere {
  centre: Vector;
  /** In mm. */
  radius: number;
}

/** Voxels of a part of a volume, slice by slice; NaN where there is no value. */
export interface VoxelBox {
  geometry: VolumeGeometry;
  first: Vector;
  size: Vector;
  values: Float32Array;
}

export interface Region {
  box: VoxelBox;
  mask: Uint8Array;
  /** The value it was cut at. */
  threshold: number;
  maximum: number;
  /** Where the maximum is: column, row, slice. */
  hottest: Vector;
  mean: number;
  peak: number;
  /** In ml. */
  volume: number;
  /** Voxels that belong to it lie beyond the sphere. */
  cutOff: boolean;
}

/** Share of the maximum that most people cut at. */
export const USUAL_SHARE = 0.41;
/** Radius of a sphere of 1 cm³, in mm. */
export const PEAK_RADIUS = 10 * (3 / (4 * Math.PI)) ** (1 / 3);
/** A voxel is divided into so many parts along each axis to find how much of it lies in a sphere. */
const PARTS = 5;

/** First voxel and size of the box that holds a sphere and what SUVpeak needs around it; undefined where they do not meet. */
export function boxAround(geometry: VolumeGeometry, { centre, radius }: Sphere): Pick<VoxelBox, 'first' | 'size'> | undefined {
  const { places, columns, rows } = geometry;
  const gap = Math.max(...places.slice(1).map((place, index) => place - (places[index] as number)));
  const reach = radius + PEAK_RADIUS + Math.max(geometry.columnStep, geometry.rowStep, gap);
  const corners = [-reach, reach].flatMap((x) => [-reach, reach].flatMap((y) => [-reach, reach].map((z) => toVoxel(geometry, add(centre, [x, y, z])))));
  const span = (axis: 0 | 1, count: number): [number, number] => [Math.max(0, Math.floor(Math.min(...corners.map((c) => c[axis])))), Math.min(count - 1, Math.ceil(Math.max(...corners.map((c) => c[axis]))))];
  const [low, high] = [Math.min(...corners.map((c) => c[2])), Math.max(...corners.map((c) => c[2]))];
  const [i, j] = [span(0, columns), span(1, rows)];
  const [from, to] = [places.findIndex((place) => place >= low), places.findLastIndex((place) => place <= high)];
  if (i[1] < i[0] || j[1] < j[0] || from < 0 || to < from) return undefined;
  return { first: [i[0], j[0], from], size: [i[1] - i[0] + 1, j[1] - j[0] + 1, to - from + 1] };
}

/** mm along the line of slices that a slice stands for. */
export function thickness({ places }: VolumeGeometry, slice: number): number {
  const [before, here, behind] = [places[slice - 1], places[slice] as number, places[slice + 1]];
  const [below, above] = [before === undefined ? undefined : here - before, behind === undefined ? undefined : behind - here];
  return ((below ?? above ?? 1) + (above ?? below ?? 1)) / 2;
}

const normalOf = ({ row, column }: VolumeGeometry): Vector => cross(row, column);

/** mm³ of a voxel. */
const voxelVolume = (geometry: VolumeGeometry, slice: number): number => geometry.columnStep * geometry.rowStep * thickness(geometry, slice) * Math.abs(dot(geometry.line, normalOf(geometry)));

/** Steps from voxel to voxel along the three axes of a box, in its values. */
const stridesOf = ({ size: [ni, nj] }: VoxelBox): Vector => [1, ni, ni * nj];

/** The region in a sphere; undefined where the sphere holds no voxel with a value, or the threshold is above all of them. */
export function grown(box: VoxelBox, sphere: Sphere, by: Pick<Isocontour, 'share' | 'value'>): Region | undefined {
  const inside = insideSphere(box, sphere);
  const start = hottestOf(box, inside);
  if (start < 0) return undefined;
  const maximum = box.values[start] as number;
  const threshold = by.value ?? maximum * (by.share ?? USUAL_SHARE);
  if (!(maximum >= threshold)) return undefined;
  const { mask, cutOff } = flood(box, inside, start, threshold);
  return { box, mask, threshold, maximum, hottest: add(placeIn(box, start), box.first), cutOff, ...measured(box, mask), peak: peakOf(box, mask) };
}

const placeIn = ({ size: [ni, nj] }: VoxelBox, at: number): Vector => [at % ni, Math.floor(at / ni) % nj, Math.floor(at / (ni * nj))];

/** Voxels whose middle lies in the sphere. */
function insideSphere({ geometry, first, size }: VoxelBox, { centre, radius }: Sphere): Uint8Array {
  const [ni, nj, nk] = size;
  const inside = new Uint8Array(ni * nj * nk);
  const [di, dj] = [scaled(geometry.row, geometry.columnStep), scaled(geometry.column, geometry.rowStep)];
  for (let k = 0, at = 0; k < nk; k += 1) {
    for (let j = 0; j < nj; j += 1) {
      const start = subtract(add(voxelToPatient(geometry, [first[0], first[1], geometry.places[first[2] + k] as number]), dj, j), centre);
      for (let i = 0; i < ni; i += 1, at += 1) {
        const [x, y, z] = [start[0] + di[0] * i, start[1] + di[1] * i, start[2] + di[2] * i];
        if (x * x + y * y + z * z <= radius * radius) inside[at] = 1;
      }
    }
  }
  return inside;
}

function hottestOf({ values }: VoxelBox, inside: Uint8Array): number {
  let best = -1;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (inside[at] && (best < 0 ? !Number.isNaN(value) : value > (values[best] as number))) best = at;
  }
  return best;
}

/** What hangs together with a voxel by faces. */
function flood(box: VoxelBox, inside: Uint8Array, start: number, threshold: number): { mask: Uint8Array; cutOff: boolean } {
  const { values, size } = box;
  const strides = stridesOf(box);
  const mask = new Uint8Array(values.length);
  const stack = [start];
  let cutOff = false;
  mask[start] = 1;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const place = placeIn(box, at);
    for (const axis of [0, 1, 2] as const) {
      for (const by of [-1, 1]) {
        const next = at + by * strides[axis];
        const there = place[axis] + by;
        if (there < 0 || there >= size[axis] || mask[next] || !((values[next] as number) >= threshold)) continue;
        if (!inside[next]) {
          cutOff = true;
          continue;
        }
        mask[next] = 1;
        stack.push(next);
      }
    }
  }
  return { mask, cutOff };
}

/** Mean by volume, and volume in ml. */
function measured(box: VoxelBox, mask: Uint8Array): { mean: number; volume: number } {
  const { geometry, values, first, size } = box;
  const slice = size[0] * size[1];
  let [sum, volume] = [0, 0];
  for (let k = 0; k < size[2]; k += 1) {
    const each = voxelVolume(geometry, first[2] + k);
    for (let at = k * slice; at < (k + 1) * slice; at += 1) {
      if (!mask[at]) continue;
      sum += (values[at] as number) * each;
      volume += each;
    }
  }
  return { mean: sum / volume, volume: volume / 1000 };
}

interface Neighbour {
  step: Vector;
  weight: number;
}

/** The voxels of a sphere of 1 cm³ about a voxel of a slice, each with the mm³ of it that lie inside. */
export function peakKernel(geometry: VolumeGeometry, slice: number): Neighbour[] {
  const { row, column, line, columnStep, rowStep, places } = geometry;
  const here = places[slice] as number;
  const lean = Math.abs(dot(line, normalOf(geometry)));
  const [ni, nj] = [columnStep, rowStep].map((step) => Math.ceil(PEAK_RADIUS / (step * lean)) + 1) as [number, number];
  const found: Neighbour[] = [];
  places.forEach((place, other) => {
    const deep = thickness(geometry, other);
    if ((Math.abs(place - here) - deep / 2) * lean > PEAK_RADIUS) return;
    const share = voxelVolume(geometry, other) / PARTS ** 3;
    for (let j = -nj; j <= nj; j += 1) {
      for (let i = -ni; i <= ni; i += 1) {
        const middle = add(add(scaled(row, i * columnStep), column, j * rowStep), line, place - here);
        const parts = partsInside(middle, [scaled(row, columnStep), scaled(column, rowStep), scaled(line, deep)]);
        if (parts > 0) found.push({ step: [i, j, other - slice], weight: parts * share });
      }
    }
  });
  return found;
}

/** How many parts of a voxel have their middle in a sphere of 1 cm³ about 0, 0, 0. */
function partsInside(middle: Vector, edges: readonly [Vector, Vector, Vector]): number {
  const far = length(middle);
  const half = (length(edges[0]) + length(edges[1]) + length(edges[2])) / 2;
  if (far - half > PEAK_RADIUS) return 0;
  if (far + half <= PEAK_RADIUS) return PARTS ** 3;
  const shares = Array.from({ length: PARTS }, (_, index) => (index + 0.5) / PARTS - 0.5);
  let count = 0;
  for (const a of shares) for (const b of shares) for (const c of shares) if (length(add(add(add(middle, edges[0], a), edges[1], b), edges[2], c)) <= PEAK_RADIUS) count += 1;
  return count;
}

/** Slices for which this is the same have the same kernel. */
function spacingAround({ places }: VolumeGeometry, slice: number): string {
  const here = places[slice] as number;
  const near = places.map((place) => place - here).filter((away) => Math.abs(away) < 4 * PEAK_RADIUS);
  return near.map((away) => away.toFixed(2)).join(' ');
}

/** The greatest mean of a sphere of 1 cm³ about a voxel of the region; what it holds beyond the region counts, too. */
function peakOf(box: VoxelBox, mask: Uint8Array): number {
  const slice = box.size[0] * box.size[1];
  const kernels = new Map<string, Neighbour[]>();
  let best = -Infinity;
  for (let k = 0; k < box.size[2]; k += 1) {
    const from = k * slice;
    if (!mask.subarray(from, from + slice).includes(1)) continue;
    const alike = spacingAround(box.geometry, box.first[2] + k);
    const kernel = kernels.get(alike) ?? peakKernel(box.geometry, box.first[2] + k);
    kernels.set(alike, kernel);
    for (let at = from; at < from + slice; at += 1) if (mask[at]) best = Math.max(best, meanAround(box, at, kernel));
  }
  return best;
}

function meanAround(box: VoxelBox, at: number, kernel: readonly Neighbour[]): number {
  const { size, values } = box;
  const [i, j, k] = placeIn(box, at);
  let [sum, weights] = [0, 0];
  for (const { step, weight } of kernel) {
    const [x, y, z] = [i + step[0], j + step[1], k + step[2]];
    if (x < 0 || y < 0 || z < 0 || x >= size[0] || y >= size[1] || z >= size[2]) continue;
    const value = values[x + size[0] * (y + size[1] * z)] as number;
    if (Number.isNaN(value)) continue;
    sum += value * weight;
    weights += weight;
  }
  return sum / weights;
}

/** The border of a mask along the edges of its pixels, as closed lines; the corner of the first pixel is 0, 0. Holes have lines of their own. */
export function maskLoops(mask: Uint8Array, columns: number, rows: number): Point[][] {
  const next = edgesOf(mask, columns, rows);
  const loops: Point[][] = [];
  const pointOf = (key: number): Point => [key % (columns + 1), Math.floor(key / (columns + 1))];
  for (const start of [...next.keys()]) {
    while (next.get(start)?.length) {
      const keys = [start];
      for (let at = next.get(start)?.pop(); at !== undefined && at !== start; at = next.get(at)?.pop()) keys.push(at);
      loops.push(withoutStraight(keys.map(pointOf)));
    }
  }
  return loops;
}

/** Where each corner leads, with the inside on the right. */
function edgesOf(mask: Uint8Array, columns: number, rows: number): Map<number, number[]> {
  const next = new Map<number, number[]>();
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < columns && y < rows && mask[y * columns + x] === 1;
  const edge = (x: number, y: number, dx: number, dy: number): void => {
    const from = y * (columns + 1) + x;
    const to = (y + dy) * (columns + 1) + x + dx;
    next.set(from, [...(next.get(from) ?? []), to]);
  };
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (!inside(x, y)) continue;
      if (!inside(x, y - 1)) edge(x, y, 1, 0);
      if (!inside(x + 1, y)) edge(x + 1, y, 0, 1);
      if (!inside(x, y + 1)) edge(x + 1, y + 1, -1, 0);
      if (!inside(x - 1, y)) edge(x, y + 1, 0, -1);
    }
  }
  return next;
}

const withoutStraight = (loop: readonly Point[]): Point[] =>
  loop.filter(([x, y], index) => {
    const [before, after] = [loop.at(index - 1) as Point, loop[(index + 1) % loop.length] as Point];
    return (x - before[0]) * (after[1] - y) !== (y - before[1]) * (after[0] - x);
  });

/** The region as closed lines in the patient, slice by slice: x, y, z one behind the other. */
export function contoursOf({ box, mask }: Region): number[][] {
  const { geometry, first, size } = box;
  const slice = size[0] * size[1];
  return Array.from({ length: size[2] }, (_, k) => maskLoops(mask.subarray(k * slice, (k + 1) * slice), size[0], size[1]).map((loop) =>
    loop.flatMap(([x, y]) => voxelToPatient(geometry, [first[0] + x - 0.5, first[1] + y - 0.5, geometry.places[first[2] + k] as number]).map((value) => Math.round(value * 100) / 100)),
  )).flat(); // prettier-ignore
}
