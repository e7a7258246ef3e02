// The surface where a volume passes a value, as closed triangles in the patient (LPS, mm): marching cubes, slice by slice, so
// that two slices are held at a time. Outside the volume, and where a value is NaN, all is below the value. The cases of a
// cube are worked out from its faces, each cut in the same way for both its cubes, so that no hole can be. Pure.

import type { Vector } from '../geometry';
import { voxelToPatient, type VolumeGeometry } from '../volume';

/** Edges of a cube by their two corners; of the numbers of corners, bit 1 is the column, 2 the row, 4 the slice. */
const EDGES: readonly (readonly [number, number])[] = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((corner) => [1, 2, 4].filter((bit) => (corner & bit) === 0).map((bit) => [corner, corner | bit] as const));
const edgeOf = (a: number, b: number): number => EDGES.findIndex(([low, high]) => low === Math.min(a, b) && high === Math.max(a, b));

/** Corners of each face, anticlockwise as seen from outside. */
const FACES: readonly (readonly number[])[] = [
  [0, 4, 6, 2], [1, 3, 7, 5],
  [0, 1, 5, 4], [2, 6, 7, 3],
  [0, 2, 3, 1], [4, 5, 7, 6],
]; // prettier-ignore
const sharesFace = (a: number, b: number): boolean => FACES.some((face) => [a, b].every((edge) => EDGES[edge]?.every((corner) => face.includes(corner))));

interface Polygon {
  /** Edges on which its corners lie, anticlockwise from outside of what is enclosed. */
  edges: readonly number[];
  /** Its triangles meet in its middle rather than in its first corner. */
  middle: boolean;
}

/** Each corner inside is cut off from those next to it that are not; from crossed edge to crossed edge. */
function followers(inside: number): Map<number, number> {
  const next = new Map<number, number>();
  const isIn = (corner: number): boolean => (inside & (1 << corner)) !== 0;
  for (const face of FACES) {
    const at = (index: number): number => face[(index + 4) % 4] as number;
    for (let start = 0; start < 4; start += 1) {
      if (!isIn(at(start)) || isIn(at(start - 1))) continue;
      let end = start;
      while (isIn(at(end + 1))) end += 1;
      next.set(edgeOf(at(start - 1), at(start)), edgeOf(at(end), at(end + 1)));
    }
  }
  return next;
}

/** Begins where no triangle's side lies in a face, where another cube may have the same. */
function polygonOf(edges: readonly number[]): Polygon {
  const turned = edges.map((_, first) => [...edges.slice(first), ...edges.slice(0, first)]);
  const free = turned.find(([apex, ...rest]) => rest.slice(1, -1).every((edge) => !sharesFace(apex as number, edge)));
  return { edges: free ?? edges, middle: free === undefined };
}

function polygonsOf(inside: number): Polygon[] {
  const next = followers(inside);
  const found: Polygon[] = [];
  for (let first = next.keys().next(); !first.done; first = next.keys().next()) {
    const edges: number[] = [];
    for (let edge: number | undefined = first.value; edge !== undefined && next.has(edge); ) {
      edges.push(edge);
      const following: number | undefined = next.get(edge);
      next.delete(edge);
      edge = following;
    }
    found.push(polygonOf(edges));
  }
  return found;
}

/** By the corners inside, as bits. */
const CASES: readonly (readonly Polygon[])[] = Array.from({ length: 256 }, (_, inside) => polygonsOf(inside));

/** Crossings keep this part of an edge from its ends, so that no triangle is a point. */
const LEAST = 1e-3;
/** Corners 0, 2, 4 and 6: those of the columns that were looked at as 1, 3, 5 and 7 a cube before. */
const LEFT = 0b01010101;

export type TakeTriangle = (a: Vector, b: Vector, c: Vector) => void;

interface Plane {
  /** With a border of a voxel that is nothing. */
  values: Float32Array;
  inside: Uint8Array;
  /** Along the line of slices, in mm. */
  place: number;
}

export class SurfaceBuilder {
  private readonly width: number;
  private readonly height: number;
  private before: Plane | undefined;
  private next = 0;

  constructor(
    private readonly geometry: VolumeGeometry,
    private readonly threshold: number,
    private readonly take: TakeTriangle,
  ) {
    [this.width, this.height] = [geometry.columns + 2, geometry.rows + 2];
  }

  /** Takes the next slice. */
  put(values: ArrayLike<number>): void {
    const { places, columns, rows } = this.geometry;
    const place = places[this.next] as number;
    this.before ??= this.empty(place - ((places[1] ?? place + 1) - place));
    const plane = this.empty(place);
    for (let y = 0, from = 0; y < rows; y += 1) {
      for (let x = 0, to = (y + 1) * this.width + 1; x < columns; x += 1, from += 1, to += 1) {
        const value = values[from] as number;
        plane.values[to] = value;
        plane.inside[to] = value >= this.threshold ? 1 : 0;
      }
    }
    this.between(this.before, plane);
    this.before = plane;
    this.next += 1;
  }

  /** Closes the surface behind the last slice. */
  finish(): void {
    const { places } = this.geometry;
    const last = places.at(-1) as number;
    if (this.before) this.between(this.before, this.empty(last + (last - (places.at(-2) ?? last - 1))));
  }

  private empty(place: number): Plane {
    const size = this.width * this.height;
    return { values: new Float32Array(size).fill(NaN), inside: new Uint8Array(size), place };
  }

  private between(lower: Plane, upper: Plane): void {
    const { width, height } = this;
    for (let y = 0; y + 1 < height; y += 1) {
      let inside = 0;
      for (let x = 0, at = y * width + 1; x + 1 < width; x += 1, at += 1) {
        inside = ((inside >> 1) & LEFT) | ((lower.inside[at] as number) << 1) | ((lower.inside[at + width] as number) << 3) | ((upper.inside[at] as number) << 5) | ((upper.inside[at + width] as number) << 7);
        if (inside !== 0 && inside !== 255) this.cube(lower, upper, x, y, inside);
      }
    }
  }

  private cube(lower: Plane, upper: Plane, x: number, y: number, inside: number): void {
    for (const { edges, middle } of CASES[inside] as readonly Polygon[]) {
      const corners = edges.map((edge) => this.crossing(lower, upper, x, y, edge));
      const apex = middle ? middleOf(corners) : (corners.shift() as Vector);
      for (let index = 1; index < corners.length; index += 1) this.take(apex, corners[index - 1] as Vector, corners[index] as Vector);
      if (middle) this.take(apex, corners.at(-1) as Vector, corners[0] as Vector);
    }
  }

  /** Where the surface crosses an edge; the same numbers from every cube that has it. */
  private crossing(lower: Plane, upper: Plane, x: number, y: number, edge: number): Vector {
    const [low, high] = EDGES[edge] as readonly [number, number];
    const at = (corner: number): number => (y + ((corner >> 1) & 1)) * this.width + x + (corner & 1);
    const plane = (corner: number): Plane => (corner & 4 ? upper : lower);
    const [from, to] = [plane(low).values[at(low)] as number, plane(high).values[at(high)] as number];
    const share = Number.isNaN(from) || Number.isNaN(to) ? 0.5 : Math.min(1 - LEAST, Math.max(LEAST, (this.threshold - from) / (to - from)));
    const along = (bit: number): number => (low & bit ? 1 : high & bit ? share : 0);
    return voxelToPatient(this.geometry, [x - 1 + along(1), y - 1 + along(2), lower.place + along(4) * (upper.place - lower.place)]);
  }
}

const middleOf = (corners: readonly Vector[]): Vector => [0, 1, 2].map((axis) => corners.reduce((sum, corner) => sum + (corner[axis] as number), 0) / corners.length) as unknown as Vector;
