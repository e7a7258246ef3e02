// Dose-volume histograms: the dose at many points inside a structure, several to a voxel of the dose grid (trilinear). Pure.

import { dot, type Vector } from '../geometry';
import { scaled, subtract } from '../plane';
import { boxOf, planeArea, scanRow, type ContourPlane, type ContourStack } from './contours';
import { doseAtIndex, inGrid, type DoseGrid } from './dose-grid';
import { INSIDE, type MaskSlices, type SliceGrid } from './slice-grid';

export type DvhShape = { kind: 'contours'; stack: ContourStack } | { kind: 'mask'; grid: SliceGrid; slices: MaskSlices };

export interface Dvh {
  /** ml that points stand for; `outside` of them lie outside the dose grid and count nowhere else. */
  volume: number;
  outside: number;
  min: number;
  max: number;
  mean: number;
  /** Width of a bin, and ml that receive at least the dose of a bin's lower edge. */
  bin: number;
  cumulative: Float64Array;
}

/** Points a structure, at least and at most. */
const FEWEST = 40_000;
const MOST = 800_000;
const BINS = 4000;

/** A point is tried at x, y and z of these axes; each stands for `weight` ml. */
interface Axes {
  origin: Vector;
  row: Vector;
  column: Vector;
  normal: Vector;
}

class Tally {
  private readonly start: Vector;
  private readonly steps: readonly [Vector, Vector, Vector];
  private readonly bins = new Float64Array(BINS + 1);
  private readonly bin: number;
  private inside = 0;
  private out = 0;
  private sum = 0;
  private min = Infinity;
  private max = -Infinity;

  constructor(
    private readonly dose: DoseGrid,
    { origin, row, column, normal }: Axes,
  ) {
    this.start = inGrid(dose, origin);
    const step = (v: Vector): Vector => [dot(v, dose.row) / dose.columnStep, dot(v, dose.column) / dose.rowStep, dot(v, dose.normal)];
    this.steps = [step(row), step(column), step(normal)];
    this.bin = Math.max(1e-9, dose.most / BINS);
  }

  add(x: number, y: number, z: number, weight: number): void {
    const [r, c, n] = this.steps;
    const { start } = this;
    const dose = doseAtIndex(this.dose, start[0] + x * r[0] + y * c[0] + z * n[0], start[1] + x * r[1] + y * c[1] + z * n[1], start[2] + x * r[2] + y * c[2] + z * n[2]);
    if (Number.isNaN(dose)) {
      this.out += weight;
      return;
    }
    this.inside += weight;
    this.sum += weight * dose;
    if (dose < this.min) this.min = dose;
    if (dose > this.max) this.max = dose;
    const at = Math.min(BINS, Math.max(0, Math.floor(dose / this.bin)));
    this.bins[at] = (this.bins[at] as number) + weight;
  }

  result(): Dvh | undefined {
    if (this.inside === 0) return undefined;
    const cumulative = new Float64Array(BINS + 2);
    for (let at = BINS; at >= 0; at -= 1) cumulative[at] = (cumulative[at + 1] as number) + (this.bins[at] as number);
    return { volume: this.inside + this.out, outside: this.out, min: this.min, max: this.max, mean: this.sum / this.inside, bin: this.bin, cumulative };
  }
}

/** Layers a slice is tried at: four times as fine as the dose grid. */
function layersOf(thickness: number, { places }: DoseGrid): number {
  const step = places.length > 1 ? ((places.at(-1) as number) - (places[0] as number)) / (places.length - 1) : thickness;
  return Math.min(8, Math.max(2, Math.ceil((4 * thickness) / step)));
}

function pointStep(area: number, layers: number, { columnStep, rowStep }: DoseGrid): number {
  const coarsest = Math.sqrt((area * layers) / FEWEST);
  const finest = Math.sqrt((area * layers) / MOST);
  return Math.max(finest, Math.min(coarsest, Math.min(columnStep, rowStep) / 4));
}

function tryPlane({ place, rings }: ContourPlane, stack: ContourStack, box: ReturnType<typeof boxOf>, step: number, layers: number, tally: Tally): void {
  const rows = Math.max(1, Math.ceil(box.height / step));
  const high = box.height / rows;
  for (let j = 0; j < rows; j += 1) {
    const y = box.top + (j + 0.5) * high;
    scanRow(rings, y, (from, to) => {
      const count = Math.max(1, Math.round((to - from) / step));
      const wide = (to - from) / count;
      const weight = (wide * high * stack.thickness) / layers / 1000;
      for (let i = 0; i < count; i += 1) {
        for (let layer = 0; layer < layers; layer += 1) tally.add(from + (i + 0.5) * wide, y, place + ((layer + 0.5) / layers - 0.5) * stack.thickness, weight);
      }
    });
  }
}

function ofContours(stack: ContourStack, dose: DoseGrid): Dvh | undefined {
  const layers = layersOf(stack.thickness, dose);
  const area = stack.planes.reduce((sum, plane) => sum + planeArea(plane), 0);
  const step = pointStep(area, layers, dose);
  const tally = new Tally(dose, stack);
  const box = boxOf(stack);
  for (const plane of stack.planes) tryPlane(plane, stack, box, step, layers, tally);
  const found = tally.result();
  return found && ofVolume(found, (area * stack.thickness) / 1000);
}

/** The same histogram of a volume that is known exactly. */
function ofVolume(dvh: Dvh, volume: number): Dvh {
  const share = volume / dvh.volume;
  return { ...dvh, volume, outside: dvh.outside * share, cumulative: dvh.cumulative.map((ml) => ml * share) };
}

function ofMask(grid: SliceGrid, slices: MaskSlices, dose: DoseGrid): Dvh | undefined {
  const layers = layersOf(grid.thickness, dose);
  const parts = Math.min(4, Math.max(1, Math.ceil((2 * Math.max(grid.columnStep, grid.rowStep)) / Math.min(dose.columnStep, dose.rowStep))));
  const first = grid.origins[0] as Vector;
  const tally = new Tally(dose, { origin: first, row: scaled(grid.row, grid.columnStep), column: scaled(grid.column, grid.rowStep), normal: grid.normal });
  const weight = (grid.columnStep * grid.rowStep * grid.thickness) / 1000 / (layers * parts * parts);
  for (const [slice, { left, top, width, values }] of slices) {
    const shift = subtract(grid.origins[slice] as Vector, first);
    const [u, v] = [dot(shift, grid.row) / grid.columnStep, dot(shift, grid.column) / grid.rowStep];
    values.forEach((value, at) => {
      if (value < INSIDE) return;
      const [x, y] = [u + left + (at % width) - 0.5, v + top + Math.floor(at / width) - 0.5];
      for (let part = 0; part < parts * parts; part += 1) {
        for (let layer = 0; layer < layers; layer += 1) tally.add(x + ((part % parts) + 0.5) / parts, y + (Math.floor(part / parts) + 0.5) / parts, (grid.places[slice] as number) + ((layer + 0.5) / layers - 0.5) * grid.thickness, weight);
      }
    });
  }
  return tally.result();
}

/** The histogram of a structure; undefined where it lies outside the dose grid. */
export const dvhOf = (shape: DvhShape, dose: DoseGrid): Dvh | undefined => (shape.kind === 'contours' ? ofContours(shape.stack, dose) : ofMask(shape.grid, shape.slices, dose));

/** The least dose of the hottest `percent` of the volume (D95, D2). */
export function doseOfVolume({ cumulative, bin }: Dvh, percent: number): number {
  const wanted = ((cumulative[0] as number) * percent) / 100;
  let [low, high] = [0, cumulative.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] as number) >= wanted) low = middle;
    else high = middle;
  }
  const [a, b] = [cumulative[low] as number, cumulative[high] as number];
  return bin * (low + (a > b ? (a - wanted) / (a - b) : 0));
}

/** Percent of the volume that receives at least a dose (V20). */
export function volumeOfDose({ cumulative, bin }: Dvh, dose: number): number {
  const at = Math.max(0, dose / bin);
  const low = Math.floor(at);
  if (low + 1 >= cumulative.length) return 0;
  const share = at - low;
  return (100 * ((cumulative[low] as number) * (1 - share) + (cumulative[low + 1] as number) * share)) / (cumulative[0] as number);
}
