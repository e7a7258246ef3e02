import { describe, expect, it } from 'vitest';
import type { Vector } from '../src/core/geometry';
import { add, subtract } from '../src/core/plane';
import { previewGeometry, readPreview, type Preview } from '../src/core/preview';
import { VoxelStore } from '../src/core/reslice';
import { displaySets, type DisplaySet } from '../src/core/stack';
import { volumeOf, voxelToPatient, type Volume, type VolumeGeometry } from '../src/core/volume';
import { slice } from './builders';

const [COLUMNS, ROWS, COUNT, FACTOR, TOGETHER] = [14, 11, 13, 3, 2];

/** Oblique slices with a tilted gantry, of irregular distances. */
const DISTANCES = Array.from({ length: COUNT }, (_, k) => 2 * k + (k % 3) * 0.4);
const POSITIONS = DISTANCES.map((d): Vector => [10 - 0.6 * d, 0.8 * d, 5 + 0.2 * d]);

function volume(): Volume {
  const base = { FrameOfReferenceUID: '1.9', Rows: ROWS, Columns: COLUMNS, PixelSpacing: [2, 0.5], Modality: 'CT', BitsStored: 16, PixelRepresentation: 1, ImageOrientationPatient: [0.8, 0.6, 0, 0, 0, -1] };
  const set = displaySets(POSITIONS.map((ImagePositionPatient) => slice({ ...base, ImagePositionPatient })))[0] as DisplaySet;
  const answer = volumeOf(set);
  if ('reason' in answer) throw new Error(answer.reason);
  return answer.volume;
}

const value = ([x, y, z]: Vector): number => 100 + 3 * x - 2 * y + 5 * z;

function fill({ columns, rows, places }: VolumeGeometry, at: (voxel: Vector) => number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: columns * rows * places.length }, (_, index) => {
    const k = Math.floor(index / (columns * rows));
    const rest = index % (columns * rows);
    return at([rest % columns, Math.floor(rest / columns), places[k] as number]);
  });
}

/** What the archive would make of the volume: groups of slices and squares of pixels. */
function previewOf({ pictures }: Volume, change: Partial<Preview> = {}): Preview {
  const names = pictures.map(({ instance, frame }): [string, number] => [instance.SOPInstanceUID, frame]);
  const slices = Array.from({ length: Math.ceil(COUNT / TOGETHER) }, (_, group) => names.slice(group * TOGETHER, (group + 1) * TOGETHER));
  return { columns: Math.ceil(COLUMNS / FACTOR), rows: Math.ceil(ROWS / FACTOR), factor: FACTOR, together: TOGETHER, slices, values: new Float32Array(0), ...change };
}

const geometryOf = (whole: Volume): VolumeGeometry => previewGeometry(previewOf(whole), whole) as VolumeGeometry;

describe('previews', () => {
  it('are read as they were written', () => {
    const steps = [[5, 3, -7], [5, 900, -900], [-20000, 20000, 1], [0, 0, 0]];
    const header = { columns: 3, rows: 2, factor: 4, together: 1, low: -50, step: 0.5, slices: [[['1.2', 1]], [['1.3', 1]]] };
    const differences = steps.flatMap((row, y) => row.map((v, x) => v - (x > 0 ? (row[x - 1] as number) : y % 2 === 1 ? (steps[y - 1]?.[0] as number) : 0)));
    const bytes = [...new TextEncoder().encode(`${JSON.stringify(header)}\n`), ...differences.map((d) => d & 255), ...differences.map((d) => (d >> 8) & 255)];
    const { values, ...read } = readPreview(Uint8Array.from(bytes));
    expect([...values]).toEqual(steps.flat().map((v) => -50 + 0.5 * v));
    expect(read).toEqual({ columns: 3, rows: 2, factor: 4, together: 1, slices: header.slices });
    expect(() => readPreview(Uint8Array.from(bytes.slice(0, -1)))).toThrow('broken');
  });

  it('lie where the means of their pixels lie', () => {
    const whole = volume();
    const geometry = geometryOf(whole);
    const { places } = whole.geometry;
    const middle = ((places[2] as number) + (places[3] as number)) / 2;
    const expected = voxelToPatient(whole.geometry, [2 * FACTOR + 1, FACTOR + 1, middle]);
    const found = voxelToPatient(geometry, [2, 1, geometry.places[1] as number]);
    expected.forEach((x, axis) => expect(found[axis]).toBeCloseTo(x, 9));
  });

  it('are refused where they are of other pictures', () => {
    const whole = volume();
    const { slices } = previewOf(whole);
    expect(previewGeometry(previewOf(whole, { slices: slices.slice(1) }), whole)).toBeUndefined();
    expect(previewGeometry(previewOf(whole, { slices: [[['9.9', 1]], ...slices.slice(1)] }), whole)).toBeUndefined();
    expect(previewGeometry(previewOf(whole, { slices: [...slices].reverse() }), whole)).toBeUndefined();
    expect(previewGeometry(previewOf(whole, { columns: 6 }), whole)).toBeUndefined();
    expect(previewGeometry(previewOf(whole, { factor: 2 }), whole)).toBeUndefined();
  });

  it('stand for slices that have not come, in every direction', () => {
    const whole = volume();
    const { geometry } = whole;
    const coarse = new VoxelStore(geometryOf(whole), true);
    const small = fill(coarse.geometry, (voxel) => value(voxelToPatient(coarse.geometry, voxel)));
    const size = coarse.geometry.columns * coarse.geometry.rows;
    coarse.geometry.places.forEach((_, k) => coarse.put(k, small.subarray(k * size, (k + 1) * size)));
    const store = new VoxelStore(geometry, true);
    store.fallBackOn(coarse);
    // Slices 6 and 7 are there, with other values than the preview's: 1000 more.
    for (const k of [6, 7]) store.put(k, fill({ ...geometry, places: [geometry.places[k] as number] }, (voxel) => 1000 + value(voxelToPatient(geometry, voxel))));
    const between = ((geometry.places[6] as number) + (geometry.places[7] as number)) / 2;
    const step = (voxel: Vector): Vector => subtract(voxelToPatient(geometry, voxel), geometry.origin);
    const [right, down, through] = [step([1.5, 0.2, 0]), step([0, 1.2, 0]), step([0, 0, 1.3])];
    const origin = voxelToPatient(geometry, [2, 2, 2]);
    const reaches = (plane: { right: Vector; down: Vector }, columns: number, rows: number): void => {
      const { pixels } = store.cut({ origin, ...plane, columns, rows });
      pixels.forEach((found, at) => {
        const place = add(add(origin, plane.right, at % columns), plane.down, Math.floor(at / columns));
        expect(found).toBeCloseTo(value(place), 2);
      });
    };
    reaches({ right, down }, 5, 5);
    reaches({ right, down: through }, 5, 8);
    reaches({ right: through, down }, 8, 5);
    const sharp = store.cut({ origin: voxelToPatient(geometry, [2, 2, between]), right, down, columns: 5, rows: 5 });
    expect(sharp.pixels[0]).toBeCloseTo(1000 + value(voxelToPatient(geometry, [2, 2, between])), 2);
  });
});
