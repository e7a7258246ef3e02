import { describe, expect, it } from 'vitest';
import { cross, dot, type Vector } from '../src/core/geometry';
import { subtract } from '../src/core/plane';
import { voxelToPatient, type VolumeGeometry } from '../src/core/volume';
import { isKept, pictureOf } from '../src/core/volume3d/scissors';
import { StlWriter } from '../src/core/volume3d/stl';
import { SurfaceBuilder } from '../src/core/volume3d/surface';
import { firstPreset, surfaceValue } from '../src/core/volume3d/transfer';

const SIDE = 40;
const geometry: VolumeGeometry = { columns: SIDE, rows: SIDE, origin: [10, -20, 300], row: [0.8, 0.6, 0], column: [0, 0, -1], columnStep: 1, rowStep: 1.25, line: [-0.6, 0.8, 0], places: Array.from({ length: 30 }, (_, index) => index * 1.5), FrameOfReferenceUID: '1.9' };
type Triangle = readonly [Vector, Vector, Vector];

function surface(value: (place: Vector, voxel: Vector) => number, threshold: number, of: VolumeGeometry = geometry): Triangle[] {
  const found: Triangle[] = [];
  const builder = new SurfaceBuilder(of, threshold, (...triangle) => found.push(triangle));
  of.places.forEach((place, slice) => {
    builder.put(Float32Array.from({ length: of.columns * of.rows }, (_, at) => value(voxelToPatient(of, [at % of.columns, Math.floor(at / of.columns), place]), [at % of.columns, Math.floor(at / of.columns), slice])));
  });
  builder.finish();
  return found;
}

/** Each side must have one triangle on either hand, which go through it in opposite directions. */
function leaks(triangles: readonly Triangle[]): number {
  const sides = new Map<string, number>();
  const name = (place: Vector): string => [...new Float32Array(place)].join(' ');
  for (const corners of triangles) {
    corners.forEach((from, index) => {
      const side = `${name(from)} > ${name(corners[(index + 1) % 3] as Vector)}`;
      sides.set(side, (sides.get(side) ?? 0) + 1);
    });
  }
  return [...sides].filter(([side, count]) => count !== 1 || sides.get(side.split(' > ').reverse().join(' > ')) !== 1).length;
}

const volumeOf = (triangles: readonly Triangle[]): number => triangles.reduce((sum, [a, b, c]) => sum + dot(a, cross(b, c)) / 6, 0);
const ends = (triangles: readonly Triangle[]): number[][] => [0, 1, 2].map((axis) => triangles.flat().reduce(([low, high], place) => [Math.min(low as number, place[axis] as number), Math.max(high as number, place[axis] as number)], [Infinity, -Infinity]));

const CENTRE = voxelToPatient(geometry, [19.3, 20.2, 21]);
const RADIUS = 15;
const fromCentre = (place: Vector): number => Math.hypot(...subtract(place, CENTRE));

describe('the surface of a sphere', () => {
  const made = surface((place) => 1000 - 20 * fromCentre(place), 1000 - 20 * RADIUS);
  it('has its volume, and lies where it does in the patient', () => {
    const exact = (4 / 3) * Math.PI * RADIUS ** 3;
    expect(Math.abs(volumeOf(made) / exact - 1)).toBeLessThan(0.01);
    ends(made).forEach(([low, high], axis) => {
      expect(low).toBeCloseTo((CENTRE[axis] as number) - RADIUS, 1);
      expect(high).toBeCloseTo((CENTRE[axis] as number) + RADIUS, 1);
    });
    for (const place of made.flat()) expect(Math.abs(fromCentre(place) - RADIUS)).toBeLessThan(0.05);
  });
  it('is closed, with normals outward', () => {
    expect(made.length).toBeGreaterThan(1000);
    expect(leaks(made)).toBe(0);
    for (const [a, b, c] of made) expect(dot(cross(subtract(b, a), subtract(c, a)), subtract(a, CENTRE))).toBeGreaterThanOrEqual(0);
  });
});

describe('any surface is closed', () => {
  const small: VolumeGeometry = { ...geometry, columns: 16, rows: 16, places: Array.from({ length: 16 }, (_, index) => index) };
  it('of noise, with every case of a cube, through the borders and beside what is left out', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const made = surface(() => (random() < 0.1 ? NaN : random()), 0.5, small);
    expect(made.length).toBeGreaterThan(6000);
    expect(leaks(made)).toBe(0);
  });
  it('where values are the threshold itself', () => expect(leaks(surface((_, [x, y, z]) => (x * 7 + y * 5 + z * 3) % 3, 1, small))).toBe(0));
  it('of all of the volume: its box with half a voxel around', () => {
    const made = surface(() => 1, 0.5, { ...small, row: [1, 0, 0], column: [0, 1, 0], line: [0, 0, 1], origin: [0, 0, 0] });
    expect(leaks(made)).toBe(0);
    expect(ends(made)).toEqual([[-0.5, 15.5], [-0.625, 19.375], [-0.5, 15.5]]);
  });
  it('of nothing is none', () => expect(surface(() => 1, 2, small)).toEqual([]));
});

it('an STL file has a header, and each triangle with its normal', () => {
  const pieces: Uint8Array[] = [];
  const writer = new StlWriter((piece) => pieces.push(piece));
  for (let index = 0; index < 20_001; index += 1) writer.take([index, 0, 0], [index + 2, 0, 0], [index, 3, 0]);
  const header = writer.finish();
  expect([header.length, new DataView(header.buffer).getUint32(80, true), pieces.map(({ length }) => length / 50)]).toEqual([84, 20_001, [20_000, 1]]);
  const last = new DataView((pieces[1] as Uint8Array).buffer);
  expect(Array.from({ length: 12 }, (_, index) => last.getFloat32(4 * index, true))).toEqual([0, 0, 1, 20_000, 0, 0, 20_002, 0, 0, 20_000, 3, 0]);
  expect(new TextDecoder().decode(header.subarray(0, 5))).not.toBe('solid');
});

it('what a cut leaves is told place by place', () => {
  const cut = { right: [1, 0, 0], up: [0, 0, 1], outline: [[10, 20], [30, 20], [30, 50], [10, 50]], keep: false } as const;
  const picture = pictureOf(cut);
  expect([[20, 0, 30], [20, 900, 30], [9, 0, 30], [20, 0, 51]].map((place) => isKept(cut, picture, place as unknown as Vector))).toEqual([false, false, true, true]);
  expect(isKept({ ...cut, keep: true }, picture, [20, 0, 30])).toBe(true);
});

it('the value proposed is that at which a preset hides what lies behind', () => {
  const range = { low: 100, high: 1100 };
  expect(surfaceValue(firstPreset('CT'), range)).toBeCloseTo(263, 0);
  expect(surfaceValue(firstPreset('MR'), range)).toBeCloseTo(100 + 1000 * (0.12 + 0.13 * (0.085 / 0.12)), 3);
});
