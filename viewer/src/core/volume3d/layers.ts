// From slices of any spacing to a grid of even layers with fewer pixels, as a texture wants it. Typed arrays, pure.

import type { VolumeGeometry } from '../volume';

export interface Grid {
  columns: number;
  rows: number;
  layers: number;
  /** Pixels of a row or column that become one. */
  factor: number;
  /** mm between layers. */
  step: number;
}

/** The grid for a volume of which no side may be longer than `most`. */
export function gridOf({ columns, rows, places }: VolumeGeometry, most: number): Grid {
  const factor = Math.ceil(Math.max(columns, rows) / most);
  const length = places.at(-1) as number;
  // Slices of even distance keep their number, or an even part of it.
  const together = Math.ceil(places.length / most);
  const layers = Math.max(2, Math.ceil(places.length / together));
  return { columns: Math.ceil(columns / factor), rows: Math.ceil(rows / factor), layers, factor, step: length / (layers - 1) };
}

/** Values are kept as half floats. */
export const bytesOf = ({ columns, rows, layers }: Grid): number => columns * rows * layers * 2;

/** Volumes are not made smaller than this to have them all at hand. */
const LEAST_SIDE = 96;

/** The grid for one of `count` volumes that are to be held in so many bytes together. */
export function gridWithin(geometry: VolumeGeometry, most: number, count: number, bytes: number): Grid {
  let side = most;
  let grid = gridOf(geometry, side);
  while (bytesOf(grid) * count > bytes && side * 0.9 >= LEAST_SIDE) {
    side *= 0.9;
    grid = gridOf(geometry, Math.floor(side));
  }
  return grid;
}

export interface Layer {
  layer: number;
  values: Float32Array<ArrayBuffer>;
}

export class LayerBuilder {
  private readonly sums = new Map<number, Float32Array<ArrayBuffer>>();
  private readonly missing: number[];
  /** For each slice the layers it takes part in. */
  private readonly targets: number[][];

  constructor(
    readonly grid: Grid,
    geometry: VolumeGeometry,
  ) {
    const { places } = geometry;
    const members = Array.from({ length: grid.layers }, (): number[] => []);
    places.forEach((place, index) => members[Math.min(grid.layers - 1, Math.round(place / grid.step))]?.push(index));
    // A layer between slices that lie far apart takes the nearest.
    members.forEach((of, layer) => {
      if (of.length === 0) of.push(nearest(places, layer * grid.step));
    });
    this.missing = members.map((of) => of.length);
    this.counts = members.map((of) => of.length);
    this.targets = places.map((_, index) => members.flatMap((of, layer) => (of.includes(index) ? [layer] : [])));
  }

  private readonly counts: number[];

  /** Takes a slice; returns the layers that are complete with it. Values become `value * slope + intercept`. */
  put(index: number, pixels: ArrayLike<number>, width: number, height: number, slope: number, intercept: number): Layer[] {
    const small = reduced(pixels, width, height, this.grid, slope, intercept);
    const done: Layer[] = [];
    for (const layer of this.targets[index] ?? []) {
      const sum = this.sums.get(layer);
      if (sum) for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + (small[i] as number);
      else this.sums.set(layer, (this.targets[index]?.length ?? 0) > 1 ? small.slice() : small);
      this.missing[layer] = (this.missing[layer] as number) - 1;
      if (this.missing[layer] !== 0) continue;
      const values = this.sums.get(layer) as Float32Array<ArrayBuffer>;
      const count = this.counts[layer] as number;
      if (count > 1) for (let i = 0; i < values.length; i += 1) values[i] = (values[i] as number) / count;
      this.sums.delete(layer);
      done.push({ layer, values });
    }
    return done;
  }
}

function nearest(places: readonly number[], place: number): number {
  let best = 0;
  places.forEach((other, index) => {
    if (Math.abs(other - place) < Math.abs((places[best] as number) - place)) best = index;
  });
  return best;
}

/** Means of squares of pixels; those at the edges have fewer. */
function reduced(pixels: ArrayLike<number>, width: number, height: number, { columns, rows, factor }: Grid, slope: number, intercept: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y += 1) {
    const bottom = Math.min(height, (y + 1) * factor);
    for (let x = 0; x < columns; x += 1) {
      const right = Math.min(width, (x + 1) * factor);
      let [sum, count] = [0, 0];
      for (let v = y * factor; v < bottom; v += 1) {
        for (let u = x * factor; u < right; u += 1) sum += pixels[v * width + u] as number;
        count += right - x * factor;
      }
      out[y * columns + x] = (sum / count) * slope + intercept;
    }
  }
  return out;
}
